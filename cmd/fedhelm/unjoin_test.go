package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/join"
)

func TestUnjoinBadFlagsAreAllReportedAtOnce(t *testing.T) {
	c := newConsole(nil, nil)
	err := c.fedhelm("unjoin", "Gondor!", "--workloads=burn", "--federation=The Fellowship", "-n", "N", "-o", "xml", "--timeout=soon", "--nosuch")
	if exitCode(err) != exitUsage {
		t.Fatalf("ends with %v (exit code %d)", err, exitCode(err))
	}
	for _, want := range []string{`NAME "Gondor!"`, "--workloads:", "--federation:", "--federation-system-namespace", "--output:", "--timeout:", "--nosuch"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	if len(c.connected) > 0 {
		t.Error("a host cluster was asked for")
	}
}

// faded is a member that is registered, and for which there is no context any more.
func faded(t *testing.T) (*console, *fake.Clientset) {
	t.Helper()
	client := fellowship(t)
	ref := federation.Ref{Name: "fellowship", Namespace: "middle-earth"}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "fellowship.gondor", Namespace: ref.Namespace, Labels: ref.MemberLabels("gondor")}}
	if err := client.Tracker().Add(secret); err != nil {
		t.Fatal(err)
	}
	c := newConsole(client, noHelm{})
	registered := &roll{clusters: map[string]*fedv1beta1.Cluster{"gondor": {ObjectMeta: metav1.ObjectMeta{Name: "gondor"}}}}
	c.open = func(_ context.Context, _ join.Host, ref federation.Ref) (join.Federation, error) {
		return join.Federation{Ref: ref, Zone: "example.com", Clusters: registered}, nil
	}
	c.connectMember = func(o contextOptions) (*memberCluster, error) {
		return nil, &usageError{errors.New(o.contextFlag + ": the kubeconfig has no context " + o.context)}
	}
	return c, client
}

// roll has Clusters, which are released as soon as that is asked for.
type roll struct {
	join.ClusterClient
	clusters map[string]*fedv1beta1.Cluster
}

func (r *roll) Get(_ context.Context, name string) (*fedv1beta1.Cluster, error) {
	if r.clusters[name] == nil {
		return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "clusters"}, name)
	}
	return r.clusters[name], nil
}

func (r *roll) Annotate(_ context.Context, name, key, value string) (*fedv1beta1.Cluster, error) {
	metav1.SetMetaDataAnnotation(&r.clusters[name].ObjectMeta, key, value)
	r.clusters[name].Status.Conditions = []metav1.Condition{{Type: fedv1beta1.ClusterLeaving, Status: metav1.ConditionTrue}}
	return r.clusters[name], nil
}

func (r *roll) Watch(_ context.Context, name string) (watch.Interface, error) {
	w := watch.NewFakeWithChanSize(1, false)
	w.Add(r.clusters[name])
	return w, nil
}

func (r *roll) Delete(_ context.Context, name string) error {
	delete(r.clusters, name)
	return nil
}

func TestUnjoinOfAMemberWithoutAContextNamesForce(t *testing.T) {
	c, client := faded(t)
	err := c.fedhelm("unjoin", "gondor")
	if err == nil || !strings.Contains(err.Error(), "no context gondor") || !strings.Contains(err.Error(), "--force") {
		t.Errorf("ends with %v", err)
	}
	if _, err := client.CoreV1().Secrets("middle-earth").Get(t.Context(), "fellowship.gondor", metav1.GetOptions{}); err != nil {
		t.Errorf("its Secret: %v", err)
	}
}

func TestUnjoinByForceTellsWhatStaysAndWhatRemovesIt(t *testing.T) {
	for _, args := range [][]string{{"unjoin", "gondor", "--force"}, {"unjoin", "--force", "gondor"}, {"unjoin", "--force", "--workloads", "keep", "gondor"}} {
		c, client := faded(t)
		if err := c.fedhelm(args...); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		for _, want := range []string{
			`Successfully removed cluster "gondor" from federation "fellowship"`,
			"In the host cluster (context rivendell):\n  Secret middle-earth/fellowship.gondor  deleted\n",
			"helm uninstall fellowship-member --kube-context=gondor --namespace=middle-earth",
			"fedhelm unjoin gondor --cluster-context=gondor --federation=fellowship --host-cluster-context=rivendell --federation-system-namespace=middle-earth",
		} {
			if !strings.Contains(c.out.String(), want) {
				t.Errorf("%v: it does not say %q:\n%s", args, want, c.out.String())
			}
		}
		_, err := client.CoreV1().Secrets("middle-earth").Get(t.Context(), "fellowship.gondor", metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			t.Errorf("%v: its Secret is still there: %v", args, err)
		}
	}
}

func TestUnjoinDoesNotTakeASlipForAMemberThatIsGone(t *testing.T) {
	for _, flag := range []string{"--cluster-context=gondro", "--cluster-kubeconfig=nowhere"} {
		c, client := faded(t)
		if err := c.fedhelm("unjoin", "gondor", "--force", flag); exitCode(err) != exitUsage {
			t.Errorf("%s: ends with %v", flag, err)
		}
		if _, err := client.CoreV1().Secrets("middle-earth").Get(t.Context(), "fellowship.gondor", metav1.GetOptions{}); err != nil {
			t.Errorf("%s: its Secret: %v", flag, err)
		}
	}
}

func TestUnjoinInJSON(t *testing.T) {
	c, _ := faded(t)
	if err := c.fedhelm("unjoin", "gondor", "--force", "-o", "json"); err != nil {
		t.Fatal(err)
	}
	var got join.Unjoined
	if err := json.Unmarshal(c.out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Cluster != "gondor" || !slices.Contains(got.Done, join.Deed{Place: join.InFederation, Object: "Cluster gondor", Did: "deleted"}) || len(got.Left) == 0 {
		t.Errorf("it says %+v", got)
	}
}

func TestUnjoinOfAFederationThatIsGone(t *testing.T) {
	for _, force := range []bool{false, true} {
		c := newConsole(fake.NewClientset(), noHelm{})
		c.connectMember = func(contextOptions) (*memberCluster, error) { return nil, errors.New("no context") }
		args := []string{"unjoin", "gondor", "--federation=fellowship"}
		if force {
			args = append(args, "--force")
		}
		if err := c.fedhelm(args...); (err == nil) != force {
			t.Errorf("%v ends with %v", args, err)
		}
	}
}
