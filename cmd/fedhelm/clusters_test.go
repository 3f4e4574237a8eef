package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/join"
	"github.com/fedhelm/fedhelm/pkg/roster"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got); if meant, run make golden:\n%s", file, diff)
	}
}

// registration is a Cluster as the controller manager leaves it.
func registration(name string, expires time.Time, conditions ...metav1.Condition) fedv1beta1.Cluster {
	c := fedv1beta1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(noon.Add(-72 * time.Hour)), Labels: map[string]string{"env": "prod"}},
		Spec: fedv1beta1.ClusterSpec{
			ServerAddressByClientCIDRs: []fedv1beta1.ServerAddressByClientCIDR{{ServerAddress: "https://" + name + ".example:6443"}},
			SecretRef:                  &fedv1beta1.SecretReference{Name: "fellowship." + name},
		},
		Status: fedv1beta1.ClusterStatus{
			Region: "eu-west", Zones: []string{"eu-west-a", "eu-west-b"}, KubernetesVersion: "v1.36.3", Nodes: ptr.To[int32](3), UID: "uid",
			Conditions: conditions,
		},
	}
	if !expires.IsZero() {
		c.Status.Credential = &fedv1beta1.CredentialStatus{SecretVersion: "7", ExpirationTime: ptr.To(metav1.NewTime(expires))}
	}
	return c
}

func is(kind string, status metav1.ConditionStatus, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message}
}

// members are one of every sort.
func members() []roster.Member {
	good := is(fedv1beta1.ClusterCredentialValid, metav1.ConditionTrue, fedv1beta1.ReasonCredentialValid, "the token is valid")
	ready := is(fedv1beta1.ClusterReady, metav1.ConditionTrue, fedv1beta1.ReasonClusterReady, "")
	clusters := []fedv1beta1.Cluster{
		registration("arnor", noon.Add(-time.Hour), is(fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonCredentialExpired, "an hour ago"),
			is(fedv1beta1.ClusterCredentialValid, metav1.ConditionFalse, fedv1beta1.ReasonCredentialExpired, "an hour ago")),
		{ObjectMeta: metav1.ObjectMeta{Name: "bree", CreationTimestamp: metav1.NewTime(noon.Add(-time.Second))}},
		registration("dale", time.Time{}, ready, good),
		registration("gondor", noon.Add(29*24*time.Hour), ready, good),
		registration("isengard", noon.Add(2*time.Hour), ready, is(fedv1beta1.ClusterCredentialValid, metav1.ConditionTrue, fedv1beta1.ReasonRenewalFailed, "the member says no")),
		registration("mordor", noon.Add(20*24*time.Hour), is(fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonClusterNotReachable, "dial tcp 192.0.2.1:6443:\nno route to host"), good),
		registration("moria", time.Time{}, is(fedv1beta1.ClusterReady, metav1.ConditionFalse, fedv1beta1.ReasonSecretNotFound, "there is no Secret"),
			is(fedv1beta1.ClusterCredentialValid, metav1.ConditionFalse, fedv1beta1.ReasonSecretNotFound, "there is no Secret")),
	}
	leaving := registration("shire", noon.Add(29*24*time.Hour), ready, good)
	leaving.Annotations = map[string]string{fedv1beta1.AnnotationLeaving: fedv1beta1.LeavingKeep}
	var all []roster.Member
	for i := range clusters {
		all = append(all, roster.Member{Name: clusters[i].Name, Cluster: &clusters[i]})
	}
	return append(all, roster.Member{Name: "rohan", Secrets: []roster.Secret{{Name: "fellowship.rohan", Created: metav1.NewTime(noon.Add(-time.Minute))}}},
		roster.Member{Name: "shire", Cluster: &leaving})
}

func TestClustersAsATable(t *testing.T) {
	list := clusterList{Federation: "fellowship"}
	all := members()
	for i := range all {
		list.Clusters = append(list.Clusters, ofMember(&all[i], true))
	}
	var b bytes.Buffer
	printClusters(&b, list, noon)
	golden(t, "clusters.txt", b.String())
}

func TestClustersAsJSON(t *testing.T) {
	all := members()
	var lines []cluster
	for i := range all {
		if name := all[i].Name; name == "gondor" || name == "rohan" || name == "bree" {
			lines = append(lines, ofMember(&all[i], true))
		}
	}
	data, err := json.MarshalIndent(lines, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "clusters.json", string(data)+"\n")
}

// joined is a federation with Clusters, or whose API cannot be used.
type joined struct {
	join.ClusterClient
	clusters []fedv1beta1.Cluster
	err      error
}

func (j joined) List(context.Context) (*fedv1beta1.ClusterList, error) {
	return &fedv1beta1.ClusterList{Items: j.clusters}, j.err
}

// federated is a console whose host cluster has federation fellowship with a Secret for rohan.
func federated(t *testing.T, unusable error, has joined) *console {
	t.Helper()
	meta := func(name, component string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Namespace: "middle-earth", Labels: map[string]string{
			federation.LabelName: federation.AppName, federation.LabelInstance: "fellowship",
			federation.LabelPartOf: federation.PartOf, federation.LabelComponent: component,
		}}
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name: "fellowship.rohan", Namespace: "middle-earth",
		Labels: map[string]string{fedv1beta1.LabelFederation: "fellowship", fedv1beta1.LabelCluster: "rohan"},
	}}
	objects := []runtime.Object{&appsv1.Deployment{ObjectMeta: meta("fellowship-apiserver", "apiserver")}, secret}
	c := newConsole(fake.NewClientset(objects...), noHelm{})
	c.open = func(_ context.Context, _ join.Host, ref federation.Ref) (join.Federation, error) {
		f := join.Federation{Ref: ref, Unusable: unusable}
		if unusable == nil {
			f.Clusters = has
		}
		return f, nil
	}
	return c
}

func TestClusters(t *testing.T) {
	ready := is(fedv1beta1.ClusterReady, metav1.ConditionTrue, fedv1beta1.ReasonClusterReady, "")
	gondor := joined{clusters: []fedv1beta1.Cluster{registration("gondor", time.Time{}, ready)}}
	tests := []struct {
		name     string
		args     []string
		unusable error
		has      joined
		out      []string // parts of the output
		err      string
		code     int
	}{
		{name: "those of the only federation, half joined ones too", has: gondor, out: []string{"gondor   True", "rohan    HalfJoined", "fedhelm join or fedhelm unjoin"}},
		{name: "their names alone", args: []string{"-o", "name"}, has: gondor, out: []string{"gondor\nrohan\n"}},
		{name: "for a script", args: []string{"-o", "json"}, has: gondor, out: []string{`"federation": "fellowship"`, `"state": "HalfJoined"`, `"zones": []`}},
		{name: "without the federation API, what the host cluster knows", unusable: errors.New("no route"), out: []string{"rohan   Unknown"}, err: "no route; fedhelm check fellowship", code: exitFailed},
		{name: "the federation API goes away meanwhile", has: joined{err: errors.New("gone")}, out: []string{"rohan   Unknown"}, err: "gone", code: exitFailed},
		{name: "the reason is there for scripts too", args: []string{"-o", "yaml"}, unusable: errors.New("no route"), out: []string{"problem: no route", "state: Unknown"}, err: "no route", code: exitFailed},
		{name: "an unknown federation", args: []string{"--federation=nazgul"}, err: "nazgul", code: exitFailed},
		{name: "an unknown format", args: []string{"-o", "wide"}, err: "wide", code: exitUsage},
		{name: "an argument", args: []string{"gondor"}, err: "takes no arguments", code: exitUsage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := federated(t, tt.unusable, tt.has)
			err := c.fedhelm(append([]string{"clusters"}, tt.args...)...)
			if exitCode(err) != tt.code || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("ends with %v (exit code %d), want %d and %q", err, exitCode(err), tt.code, tt.err)
			}
			for _, part := range tt.out {
				if !strings.Contains(c.out.String(), part) {
					t.Errorf("the output does not have %q:\n%s", part, c.out.String())
				}
			}
			if tt.out == nil && c.out.Len() > 0 {
				t.Errorf("there is output:\n%s", c.out.String())
			}
		})
	}
}

func TestClustersShowsNothingThatATerminalObeys(t *testing.T) {
	var out bytes.Buffer
	p := program{stdout: &out}
	c := cluster{Name: "gondor", State: roster.NotReady, Region: "west\x1b[2J", Version: "v1\x07", Reason: "ClusterNotReady", Message: "\x1b]0;owned\x07"}
	if err := p.print("", nil, func(w io.Writer) { printClusters(w, clusterList{Clusters: []cluster{c}}, noon) }); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07") || !strings.Contains(out.String(), "gondor") {
		t.Errorf("it shows %q", out.String())
	}
}
