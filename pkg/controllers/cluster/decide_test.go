package cluster

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/topology"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// valid is a credential that can be tried, of that version of the Secret.
func valid(version string) members.State {
	return members.State{
		Member: &members.Member{}, Server: "https://gondor",
		Credential: members.CredentialState{Reason: fedv1beta1.ReasonCredentialValid, Message: "valid", SecretVersion: version, Expires: noon.Add(time.Hour)},
	}
}

// withReason is a credential as valid is, but for the reason.
func withReason(version, reason string) members.State {
	s := valid(version)
	s.Credential.Reason, s.Credential.Message = reason, "because of "+reason
	return s
}

var (
	well = &finding{healthy, "https://gondor/readyz says ok"}
	ill  = &finding{unhealthy, "https://gondor/readyz says 500; failing: etcd"}
	away = &finding{unreachable, "https://gondor/readyz: no answer within 5s"}
	no   = &finding{rejected, "https://gondor/readyz does not accept the credential (401)"}
	ban  = &finding{forbidden, "https://gondor/readyz may not be asked (403)"}
)

// readyStatus is one of an hour ago, by version 1 of the Secret.
func readyStatus() fedv1beta1.ClusterStatus {
	s := decide(fedv1beta1.ClusterStatus{}, known{
		cluster: "gondor", generation: 1, state: valid("1"), finding: well, threshold: 3, now: noon.Add(-time.Hour),
		detail: &detail{version: "v1.36.3", uid: "uid", topology: &topology.Topology{Nodes: 3, Zones: []string{"a", "b"}, Region: "r"}},
	})
	return s
}

// rejectedStatus is what becomes of that when the member rejects the credential.
func rejectedStatus() fedv1beta1.ClusterStatus {
	return decide(readyStatus(), known{cluster: "gondor", generation: 1, state: valid("1"), finding: no, failures: 3, threshold: 3, now: noon.Add(-time.Minute)})
}

func releasedStatus() fedv1beta1.ClusterStatus {
	return decide(readyStatus(), known{cluster: "gondor", generation: 1, state: members.State{Leaving: true, Released: true}, now: noon.Add(-time.Minute)})
}

// Others write conditions of their own.
func TestDecideKeepsForeignConditions(t *testing.T) {
	before := readyStatus()
	for _, kind := range []string{fedv1beta1.ClusterCopiesHeld, "Another"} {
		before.Conditions = append(before.Conditions, metav1.Condition{Type: kind, Status: metav1.ConditionTrue})
	}
	is := decide(before, known{cluster: "gondor", generation: 1, state: valid("1"), finding: away, failures: 3, threshold: 3, now: noon})
	var kinds []string
	for _, c := range is.Conditions {
		kinds = append(kinds, c.Type)
	}
	want := []string{fedv1beta1.ClusterReady, fedv1beta1.ClusterOffline, fedv1beta1.ClusterCredentialValid, fedv1beta1.ClusterCopiesHeld, "Another"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("conditions (-want +got):\n%s", diff)
	}
}

func TestDecide(t *testing.T) {
	tests := []struct {
		name     string
		before   fedv1beta1.ClusterStatus
		state    members.State
		finding  *finding
		failures int

		ready, offline, credential, leaving string // "Status Reason", "" for none
		version                             string // of the Secret that was tried last
		unchanged                           bool
	}{
		{
			name: "a healthy answer is Ready, at once", state: valid("1"), finding: well,
			ready: "True ClusterReady", offline: "False ClusterReachable", credential: "True CredentialValid", version: "1",
		},
		{
			name: "a Cluster that was never Ready is told its first failure", state: valid("1"), finding: away, failures: 1,
			ready: "False ClusterNotReachable", offline: "True ClusterNotReachable", credential: "True CredentialValid", version: "1",
		},
		{
			name: "an unhealthy answer is not Offline", state: valid("1"), finding: ill, failures: 1,
			ready: "False ClusterNotReady", offline: "False ClusterReachable", credential: "True CredentialValid", version: "1",
		},
		{
			name: "401 is told of the credential too", state: valid("1"), finding: no, failures: 1,
			ready: "False CredentialRejected", offline: "False ClusterReachable", credential: "False CredentialRejected", version: "1",
		},
		{
			name: "403 is told of Ready alone", state: valid("1"), finding: ban, failures: 1,
			ready: "False CredentialForbidden", offline: "False ClusterReachable", credential: "True CredentialValid", version: "1",
		},
		{name: "nothing is told before anything is known", state: members.State{}},
		{name: "nothing is told before the first probe", state: valid("1")},
		{name: "one failure of a Ready member changes nothing", before: readyStatus(), state: valid("1"), finding: away, failures: 1, unchanged: true},
		{name: "nor do failures up to the threshold", before: readyStatus(), state: valid("1"), finding: ill, failures: 2, unchanged: true},
		{
			name: "the failure that reaches the threshold flips", before: readyStatus(), state: valid("1"), finding: away, failures: 3,
			ready: "False ClusterNotReachable", offline: "True ClusterNotReachable", credential: "True CredentialValid", version: "1",
		},
		{
			name: "one success flips back", before: rejectedStatus(), state: valid("1"), finding: well,
			ready: "True ClusterReady", offline: "False ClusterReachable", credential: "True CredentialValid", version: "1",
		},
		{
			name: "another failure is told at once when it is not Ready anyway", before: rejectedStatus(), state: valid("1"), finding: ill, failures: 1,
			ready: "False ClusterNotReady", offline: "False ClusterReachable", credential: "True CredentialValid", version: "1",
		},
		{
			name: "a rejected credential stays so while the member cannot be asked", before: rejectedStatus(), state: valid("1"), finding: away, failures: 1,
			ready: "False ClusterNotReachable", offline: "True ClusterNotReachable", credential: "False CredentialRejected", version: "1",
		},
		{name: "a rejected credential stays so until it is tried again", before: rejectedStatus(), state: valid("1"), unchanged: true},
		{name: "a new Secret is not told as tried before it was", before: readyStatus(), state: valid("2"), unchanged: true},
		{name: "nor when a probe by it failed and that is no verdict", before: readyStatus(), state: valid("2"), finding: away, failures: 2, unchanged: true},
		{
			name: "a new Secret that fails to the end is told", before: readyStatus(), state: valid("2"), finding: no, failures: 3,
			ready: "False CredentialRejected", offline: "False ClusterReachable", credential: "False CredentialRejected", version: "2",
		},
		{
			name: "a new Secret that works is told", before: readyStatus(), state: valid("2"), finding: well,
			ready: "True ClusterReady", offline: "False ClusterReachable", credential: "True CredentialValid", version: "2",
		},
		{
			name: "a renewal that fails harms nothing else", before: readyStatus(), state: withReason("1", fedv1beta1.ReasonRenewalFailed), finding: well,
			ready: "True ClusterReady", offline: "False ClusterReachable", credential: "True RenewalFailed", version: "1",
		},
		{
			name: "it is told between failures, too", before: readyStatus(), state: withReason("1", fedv1beta1.ReasonRenewalFailed), finding: away, failures: 1,
			ready: "True ClusterReady", offline: "False ClusterReachable", credential: "True RenewalFailed", version: "1",
		},
		{
			name: "a credential that has ended is told at once", before: readyStatus(), state: withReason("1", fedv1beta1.ReasonCredentialExpired),
			ready: "False CredentialExpired", offline: "Unknown ClusterNotTried", credential: "False CredentialExpired", version: "1",
		},
		{
			name: "a Secret that is not there has no version", before: readyStatus(), state: withReason("", fedv1beta1.ReasonSecretNotFound),
			ready: "False SecretNotFound", offline: "Unknown ClusterNotTried", credential: "False SecretNotFound",
		},
		{
			name: "a host cluster that does not answer takes no Ready away", before: readyStatus(), state: withReason("", fedv1beta1.ReasonCredentialNotTried),
			ready: "True ClusterReady", offline: "Unknown ClusterNotTried", credential: "Unknown CredentialNotTried", version: "1",
		},
		{
			name: "but gives none either", state: withReason("", fedv1beta1.ReasonCredentialNotTried),
			ready: "False CredentialNotTried", offline: "Unknown ClusterNotTried", credential: "Unknown CredentialNotTried",
		},
		{
			name: "no address", before: readyStatus(), state: func() members.State { s := valid("1"); s.NoServer = "no entry"; return s }(),
			ready: "False ClusterNotReachable", offline: "Unknown ClusterNotTried", credential: "True CredentialValid", version: "1",
		},
		{name: "a member that leaves is what it was until it is released", before: readyStatus(), state: members.State{Leaving: true}, unchanged: true},
		{
			name: "a member that is released", before: readyStatus(), state: members.State{Leaving: true, Released: true},
			ready: "False MemberReleased", offline: "Unknown ClusterNotTried", credential: "Unknown CredentialNotTried", leaving: "True MemberReleased", version: "1",
		},
		{
			name: "one that comes back", before: releasedStatus(), state: valid("1"), finding: well,
			ready: "True ClusterReady", offline: "False ClusterReachable", credential: "True CredentialValid", version: "1",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := known{cluster: "gondor", generation: 1, state: tt.state, finding: tt.finding, failures: tt.failures, threshold: 3, now: noon}
			got := decide(tt.before, k)
			if again := decide(got, k); !equality.Semantic.DeepEqual(got, again) {
				t.Errorf("decided twice it differs:\n%s", cmp.Diff(got, again))
			}
			if tt.unchanged {
				if diff := cmp.Diff(tt.before, got); diff != "" {
					t.Errorf("it has changed:\n%s", diff)
				}
				return
			}
			for kind, want := range map[string]string{
				fedv1beta1.ClusterReady: tt.ready, fedv1beta1.ClusterOffline: tt.offline,
				fedv1beta1.ClusterCredentialValid: tt.credential, fedv1beta1.ClusterLeaving: tt.leaving,
			} {
				var have string
				if c := meta.FindStatusCondition(got.Conditions, kind); c != nil {
					have = string(c.Status) + " " + c.Reason
				}
				if have != want {
					t.Errorf("%s is %q, want %q", kind, have, want)
				}
			}
			var version string
			if got.Credential != nil {
				version = got.Credential.SecretVersion
			}
			if version != tt.version {
				t.Errorf("tried last was Secret version %q, want %q", version, tt.version)
			}
			if len(tt.before.Zones) > 0 && (len(got.Zones) != 2 || got.Region != "r" || got.UID != "uid" || *got.Nodes != 3 || got.KubernetesVersion == "") {
				t.Errorf("what was known of the member is lost: %+v", got)
			}
		})
	}
}

func TestDecideKeepsTransitionTimes(t *testing.T) {
	before := readyStatus()
	k := known{cluster: "gondor", generation: 2, state: valid("1"), finding: well, threshold: 3, now: noon}
	still := meta.FindStatusCondition(decide(before, k).Conditions, fedv1beta1.ClusterReady)
	if !still.LastTransitionTime.Time.Equal(noon.Add(-time.Hour)) || still.ObservedGeneration != 2 {
		t.Errorf("still Ready since %s for generation %d, want an hour ago and 2", still.LastTransitionTime, still.ObservedGeneration)
	}
	k.finding, k.failures = away, 3
	flipped := meta.FindStatusCondition(decide(before, k).Conditions, fedv1beta1.ClusterReady)
	if !flipped.LastTransitionTime.Equal(&metav1.Time{Time: noon}) {
		t.Errorf("not Ready since %s, want now", flipped.LastTransitionTime)
	}
}

func TestDecideMergesWhatTheMemberTells(t *testing.T) {
	k := known{cluster: "gondor", state: valid("1"), finding: well, threshold: 3, now: noon}
	k.detail = &detail{uid: "uid2", missing: []string{"its nodes and their zones are not known: the credential may not read it (403)"}}
	got := decide(readyStatus(), k)
	if got.UID != "uid2" || got.KubernetesVersion != "v1.36.3" || len(got.Zones) != 2 {
		t.Errorf("status %+v, want the new UID and all else as it was", got)
	}
	if c := meta.FindStatusCondition(got.Conditions, fedv1beta1.ClusterReady); !strings.Contains(c.Message, "403") {
		t.Errorf("message %q does not say what is missing", c.Message)
	}
	k.detail = &detail{topology: &topology.Topology{}}
	if got := decide(readyStatus(), k); got.Zones != nil || got.Region != "" || *got.Nodes != 0 {
		t.Errorf("status %+v of a member that has no nodes any more", got)
	}
}
