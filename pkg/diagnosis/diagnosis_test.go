package diagnosis

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"
	k8stesting "k8s.io/client-go/testing"
)

// cluster returns a client for the objects in testdata/file, whose containers all have the same log.
func cluster(t *testing.T, file, log string) *fake.Clientset {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var objects []runtime.Object
	for doc := range strings.SplitSeq(string(data), "\n---\n") {
		obj, _, err := scheme.Codecs.UniversalDeserializer().Decode([]byte(doc), nil, nil)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		objects = append(objects, obj)
	}
	client := fake.NewClientset(objects...)
	client.PrependReactor("get", "pods", func(a k8stesting.Action) (bool, runtime.Object, error) {
		if a.GetSubresource() != "log" {
			return false, nil, nil
		}
		if log == "" {
			return true, nil, errors.New("container is waiting to start")
		}
		return true, &runtime.Unknown{Raw: []byte(log)}, nil
	})
	return client
}

// made is when the objects of testdata were.
var made = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestExamine(t *testing.T) {
	tests := []struct {
		name   string
		file   string
		log    string
		object string
		reason string // how it begins
		wayOut string // part of it
		fatal  bool
	}{
		{
			name: "an image that does not exist names the image and the flag", file: "image-not-found",
			object: "pod fellowship-etcd-0", reason: "image registry.k8s.io/etcd:9.9.9 is not found", wayOut: "--etcd-image",
		},
		{
			name: "the image of a container that another one needs comes before what that says", file: "first-image-not-found",
			object: "pod fellowship-apiserver-x", reason: "image ghcr.io/fedhelm/fedhelm:0.1.0 is not found", wayOut: "--image",
		},
		{
			name: "an older kubelet's back-off takes the cause from the event", file: "image-denied",
			object: "pod fellowship-pki-x", reason: "image ghcr.io/fedhelm/fedhelm:0.1.0 cannot be pulled: the registry wants credentials", wayOut: "--image-pull-secrets",
		},
		{
			name: "a registry out of reach", file: "registry-unreachable",
			object: "pod fellowship-apiserver-x", reason: "image registry.k8s.io/kube-apiserver:v1.36.3 cannot be pulled: the node does not reach the registry", wayOut: "global.image.registry",
		},
		{
			name: "an image name that is none cannot mend", file: "image-name-invalid", fatal: true,
			object: "pod fellowship-etcd-0", reason: `"registry.k8s.io/ETCD" is no image name`, wayOut: "--etcd-image",
		},
		{
			name: "a crash is told with its last error, and etcd's before that of those who need it", file: "crash-loop",
			log:    "I1122 starting\nerror: data directory is not writable\ngoodbye\n\n",
			object: "pod fellowship-etcd-0", reason: "container etcd crashed 4 times (exit code 1): data directory is not writable", wayOut: "logs fellowship-etcd-0 --container=etcd --previous",
		},
		{
			name: "a container that runs for a moment between two crashes is crashing", file: "between-crashes", log: "error: unknown command\n",
			object: "pod fellowship-apiserver-x", reason: "container wait-for-etcd crashed 3 times (exit code 2): unknown command", wayOut: "--previous",
		},
		{
			name: "want of memory is told as such", file: "out-of-memory",
			object: "pod fellowship-apiserver-x", reason: "container apiserver needed more memory than its limit", wayOut: "resources.limits.memory",
		},
		{
			name: "a pod that fits on no node", file: "unschedulable",
			object: "pod fellowship-apiserver-x", reason: "no node can take it: 0/1 nodes are available: 1 Insufficient memory.", wayOut: "add a node",
		},
		{
			name: "a node selector that matches nothing", file: "node-selector",
			object: "pod fellowship-apiserver-x", reason: "no node can take it: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.", wayOut: "--node-selector",
		},
		{
			name: "a missing class is told of the claim, not of the pod that waits for it", file: "no-such-class",
			object: "claim data-fellowship-etcd-0", reason: "there is no StorageClass golden", wayOut: "--etcd-pv-storage-class",
		},
		{
			name: "no default class", file: "no-default-class",
			object: "claim data-fellowship-etcd-0", reason: "no StorageClass is the default one", wayOut: "--etcd-persistent-storage=false",
		},
		{
			name: "a quota that a Deployment exceeds", file: "quota-deployment",
			object: "deployment fellowship-apiserver", reason: "its pods or claims exceed ResourceQuota frugal (requested: pods=1, used: pods=2, limited: pods=2)", wayOut: "--federation-system-namespace",
		},
		{
			name: "a quota that wants limits", file: "quota-limits", fatal: true,
			object: "job fellowship-pki", reason: "ResourceQuota frugal wants more of its pods: must specify limits.cpu", wayOut: "LimitRange",
		},
		{
			name: "a StatefulSet's claim is forbidden by quota", file: "quota-claim",
			object: "statefulset fellowship-etcd", reason: "its pods or claims exceed ResourceQuota frugal", wayOut: "raise the quota",
		},
		{
			name: "Pod Security refuses", file: "pod-security", fatal: true,
			object: "statefulset fellowship-etcd", reason: "its pods violate Pod Security level restricted:latest: allowPrivilegeEscalation", wayOut: "securityContext",
		},
		{
			name: "an admission webhook refuses", file: "webhook",
			object: "deployment fellowship-apiserver", reason: "admission webhook policy.example.com refuses its pods: no team label", wayOut: "policy",
		},
		{
			name: "a missing Secret names the hook that makes it", file: "secret-missing",
			object: "pod fellowship-etcd-0", reason: "Secret fellowship-etcd-certs is missing", wayOut: "hook pki makes it",
		},
		{
			name: "a missing DNS Secret is the user's", file: "dns-secret-missing",
			object: "pod fellowship-controller-manager-x", reason: "Secret fellowship-dns-provider is missing", wayOut: "--dns-provider-config",
		},
		{
			name: "a failed hook speaks for itself", file: "hook-failed",
			log:    "looking for an address\nerror: Service fellowship-apiserver got no address within 4m0s\n",
			object: "job fellowship-publish", reason: "failed: Service fellowship-apiserver got no address within 4m0s",
		},
		{
			name: "a hook whose log is gone names the command that would show it", file: "hook-failed",
			object: "job fellowship-publish", reason: "failed", wayOut: "logs job/fellowship-publish",
		},
		{
			name: "a load balancer without address when all else is ready", file: "no-address",
			object: "service fellowship-apiserver", reason: "the load balancer has no address", wayOut: "--api-server-service-type=NodePort",
		},
		{
			name: "a load balancer that the cloud refuses", file: "address-refused",
			object: "service fellowship-apiserver", reason: "the load balancer cannot be made: Error syncing load balancer: quota of addresses reached", wayOut: "NodePort",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := examine(t.Context(), cluster(t, tt.file, tt.log), "federation-system", "fellowship", made.Add(time.Second))
			if err != nil {
				t.Fatal(err)
			}
			f, found := r.Cause()
			if !found {
				t.Fatalf("nothing found; waiting for %q", r.Waiting)
			}
			if f.Object != tt.object || !strings.HasPrefix(f.Reason, tt.reason) || !strings.Contains(f.WayOut, tt.wayOut) {
				t.Errorf("cause is %q\nwant of %q: %q… with way out …%q…", f.Sentence(), tt.object, tt.reason, tt.wayOut)
			}
			if f.Fatal != tt.fatal {
				t.Errorf("fatal is %v, want %v", f.Fatal, tt.fatal)
			}
			if r.Summary() != f.Sentence() || strings.Contains(r.Summary(), "\n") {
				t.Errorf("summary is %q, want the cause in one line", r.Summary())
			}
		})
	}
}

func TestExamineWhileNothingIsWrong(t *testing.T) {
	r, err := examine(t.Context(), cluster(t, "starting", ""), "federation-system", "fellowship", made.Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if f, found := r.Cause(); found {
		t.Errorf("found %q in a release that is starting", f.Sentence())
	}
	want := []string{
		"claim data-fellowship-etcd-0: its volume is being provisioned",
		"pod fellowship-apiserver-x: init container wait-for-etcd is at work",
		"pod fellowship-controller-manager-x: pulling image \"ghcr.io/fedhelm/fedhelm:0.1.0\"",
		"pod fellowship-etcd-0: not scheduled to a node yet",
		"service fellowship-apiserver: the load balancer has no address yet",
	}
	if got := strings.Join(r.Waiting, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("waiting for\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if r.Summary() != want[0] {
		t.Errorf("summary is %q", r.Summary())
	}
}

func TestLackOfAnAddressThatLastsIsACause(t *testing.T) {
	r, err := examine(t.Context(), cluster(t, "starting", ""), "federation-system", "fellowship", made.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if f, _ := r.Cause(); f.Object != "service fellowship-apiserver" {
		t.Errorf("cause is %q, want the load balancer's", f.Sentence())
	}
}

func TestExamineLeavesOthersAlone(t *testing.T) {
	r, err := Examine(t.Context(), cluster(t, "crash-loop", "log"), "federation-system", "other")
	if err != nil {
		t.Fatal(err)
	}
	if r.Summary() != "" {
		t.Errorf("found %q in a release that has nothing", r.Summary())
	}
}

func TestExamineWithFewRights(t *testing.T) {
	client := cluster(t, "image-not-found", "")
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "any"}, "", errors.New("no"))
	client.PrependReactor("list", "*", func(a k8stesting.Action) (bool, runtime.Object, error) {
		return a.GetResource().Resource != "pods", nil, forbidden
	})
	r, err := Examine(t.Context(), client, "federation-system", "fellowship")
	if err != nil {
		t.Fatal(err)
	}
	if f, _ := r.Cause(); f.Object != "pod fellowship-etcd-0" {
		t.Errorf("cause is %q, want what the pods alone tell", f.Sentence())
	}
}

func TestExamineReportsAClusterThatDoesNotAnswer(t *testing.T) {
	client := fake.NewClientset()
	client.PrependReactor("list", "services", func(k8stesting.Action) (bool, runtime.Object, error) {
		return true, &corev1.ServiceList{}, context.DeadlineExceeded
	})
	_, err := Examine(t.Context(), client, "federation-system", "fellowship")
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "list services") {
		t.Errorf("Examine = %v, want what could not be listed", err)
	}
}
