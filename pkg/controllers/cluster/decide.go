package cluster

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/printable"
)

// known is all that a status is made from.
type known struct {
	cluster    string
	generation int64
	state      members.State
	finding    *finding // of the last probe with this very credential and address; nil if there was none
	failures   int      // in a row, of such probes
	threshold  int
	detail     *detail // nil if nothing new is known
	now        time.Time
}

// decide returns the status that follows from the one before and what is known now. Decided twice, it is the same.
func decide(before fedv1beta1.ClusterStatus, k known) fedv1beta1.ClusterStatus {
	s := &draft{ClusterStatus: *before.DeepCopy(), k: k}
	switch {
	case k.state.Released:
		s.released()
	case k.state.Leaving, k.state.Credential.Reason == "":
		// What was said stays until there is something to say.
	default:
		meta.RemoveStatusCondition(&s.Conditions, fedv1beta1.ClusterLeaving)
		s.judge()
		s.merge(k.detail)
	}
	slices.SortStableFunc(s.Conditions, func(a, b metav1.Condition) int { return place(a) - place(b) })
	return s.ClusterStatus
}

// order is that of the conditions, for people who read them.
var order = []string{fedv1beta1.ClusterLeaving, fedv1beta1.ClusterReady, fedv1beta1.ClusterOffline, fedv1beta1.ClusterCredentialValid}

// place is that of a condition; others' come last, in the order that they have.
func place(c metav1.Condition) int {
	if i := slices.Index(order, c.Type); i >= 0 {
		return i
	}
	return len(order)
}

// draft is a status that is being written.
type draft struct {
	fedv1beta1.ClusterStatus
	k known
}

func (s *draft) set(kind string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&s.Conditions, metav1.Condition{
		Type: kind, Status: status, Reason: reason, Message: printable.Line(message, longestMessage),
		ObservedGeneration: s.k.generation, LastTransitionTime: metav1.NewTime(s.k.now.Truncate(time.Second)),
	})
}

func (s *draft) released() {
	again := "the member is leaving the federation; to let it stay, take annotation " + fedv1beta1.AnnotationLeaving + " away"
	s.set(fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonMemberReleased, again)
	s.set(fedv1beta1.ClusterOffline, metav1.ConditionUnknown, fedv1beta1.ReasonClusterNotTried, again)
	s.set(fedv1beta1.ClusterCredentialValid, metav1.ConditionUnknown, fedv1beta1.ReasonCredentialNotTried, again)
	s.set(fedv1beta1.ClusterLeaving, metav1.ConditionTrue, fedv1beta1.ReasonMemberReleased, "the controller manager does nothing on this member any more")
}

func (s *draft) judge() {
	credential, finding := s.k.state.Credential, s.k.finding
	switch {
	case credential.Reason == fedv1beta1.ReasonCredentialNotTried:
		s.unknown(credential)
	case !credential.Usable():
		s.tried(metav1.ConditionFalse, credential.Reason, credential.Message)
		s.set(fedv1beta1.ClusterReady, metav1.ConditionFalse, credential.Reason, credential.Message)
		s.notAsked("without a credential the member is not asked")
	case s.k.state.NoServer != "":
		s.accept()
		s.set(fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonClusterNotReachable, s.k.state.NoServer)
		s.notAsked(s.k.state.NoServer)
	case finding == nil:
		s.acceptKnown()
	case finding.outcome == healthy:
		s.accept()
		s.set(fedv1beta1.ClusterReady, metav1.ConditionTrue, fedv1beta1.ReasonClusterReady, finding.message+s.k.detail.lacks())
		s.set(fedv1beta1.ClusterOffline, metav1.ConditionFalse, fedv1beta1.ReasonClusterReachable, "the member answers")
	case meta.IsStatusConditionTrue(s.Conditions, fedv1beta1.ClusterReady) && s.k.failures < s.k.threshold:
		s.acceptKnown() // once is no outage
	default:
		s.unwell(*finding)
	}
}

// unwell says what a probe found that did not find the member healthy.
func (s *draft) unwell(f finding) {
	switch f.outcome {
	case unreachable:
		s.acceptKnown()
		s.set(fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonClusterNotReachable, f.message)
		s.set(fedv1beta1.ClusterOffline, metav1.ConditionTrue, fedv1beta1.ReasonClusterNotReachable, f.message)
		return
	case rejected:
		message := f.message + fmt.Sprintf("; run: fedhelm join %s --refresh", s.k.cluster)
		s.tried(metav1.ConditionFalse, fedv1beta1.ReasonCredentialRejected, message)
		s.set(fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonCredentialRejected, message)
	case forbidden:
		s.accept()
		s.set(fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonCredentialForbidden, f.message)
	default:
		s.accept()
		s.set(fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonClusterNotReady, f.message)
	}
	s.set(fedv1beta1.ClusterOffline, metav1.ConditionFalse, fedv1beta1.ReasonClusterReachable, "the member answers")
}

// unknown is for a host cluster that has not said what is in the Secret since this controller manager began. That is no reason to take
// work away from a member.
func (s *draft) unknown(c members.CredentialState) {
	s.set(fedv1beta1.ClusterCredentialValid, metav1.ConditionUnknown, c.Reason, c.Message)
	if !meta.IsStatusConditionTrue(s.Conditions, fedv1beta1.ClusterReady) {
		s.set(fedv1beta1.ClusterReady, metav1.ConditionFalse, c.Reason, c.Message)
	}
	s.notAsked("without a credential the member is not asked")
}

func (s *draft) notAsked(why string) {
	s.set(fedv1beta1.ClusterOffline, metav1.ConditionUnknown, fedv1beta1.ReasonClusterNotTried, why)
}

// tried notes which credential the verdict is about.
func (s *draft) tried(status metav1.ConditionStatus, reason, message string) {
	c := s.k.state.Credential
	s.set(fedv1beta1.ClusterCredentialValid, status, reason, message)
	s.Credential = nil
	if c.SecretVersion == "" {
		return
	}
	s.Credential = &fedv1beta1.CredentialStatus{SecretVersion: c.SecretVersion}
	if !c.Expires.IsZero() {
		expires := metav1.NewTime(c.Expires)
		s.Credential.ExpirationTime = &expires
	}
}

// accept notes that the credential is valid, as far as the member was asked.
func (s *draft) accept() {
	s.tried(metav1.ConditionTrue, s.k.state.Credential.Reason, s.k.state.Credential.Message)
}

// acceptKnown brings the word on a credential up to date without a verdict of the member. One that it has rejected stays rejected, and
// while the member counts as Ready a new one is not said to have been tried: whoever waits for that would take the old verdict for its own.
func (s *draft) acceptKnown() {
	same := s.Credential != nil && s.Credential.SecretVersion == s.k.state.Credential.SecretVersion
	before := meta.FindStatusCondition(s.Conditions, fedv1beta1.ClusterCredentialValid)
	verdict := s.k.finding != nil && (s.k.failures >= s.k.threshold || !meta.IsStatusConditionTrue(s.Conditions, fedv1beta1.ClusterReady))
	switch {
	case same && before != nil && before.Reason == fedv1beta1.ReasonCredentialRejected:
	case same, verdict:
		s.accept()
	}
}

// merge takes over what a member told of itself. What it did not tell stays.
func (s *draft) merge(d *detail) {
	if d == nil {
		return
	}
	if d.version != "" {
		s.KubernetesVersion = d.version
	}
	if d.uid != "" {
		s.UID = d.uid
	}
	if t := d.topology; t != nil {
		nodes := t.Nodes
		s.Nodes, s.Zones, s.Region = &nodes, slices.Clone(t.Zones), t.Region
	}
}
