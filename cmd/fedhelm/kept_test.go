package main

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/kube"
	kubefake "helm.sh/helm/v3/pkg/kube/fake"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	k8stesting "k8s.io/client-go/testing"

	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/release"
)

// memoryHelm is Helm on a cluster that makes nothing; its hooks end with hookErr.
type memoryHelm struct {
	kubefake.PrintingKubeClient
	hookErr error
}

func (m *memoryHelm) Create(r kube.ResourceList) (*kube.Result, error) {
	time.Sleep(10 * time.Millisecond) // Helm's look-out for an interrupt has to stand when its work ends, or it may take that for one
	return &kube.Result{Created: r}, m.hookErr
}

// commandLine is one run. It ends before anything comes up.
type commandLine struct {
	args   []string
	failed bool // Helm fails
	up     bool // the federation comes up after it
	late   bool // and is up by the next run, though no run saw it come up
}

func TestASecondInitKeepsWhatTheFederationCameUpWith(t *testing.T) {
	external := []any{"https://etcd.example.com:2379"}
	ephemeral := "--etcd-persistent-storage=false"
	tests := []struct {
		name string
		runs []commandLine
		path string
		want any // at the path, of the last request
		code int
	}{
		{
			name: "what the flags do not say stays", path: "controlPlane.etcd.external.servers", want: external,
			runs: []commandLine{{args: []string{"init", "--etcd-servers=https://etcd.example.com:2379"}, up: true}, {args: []string{"init", "--apiserver-arg-overrides=--v=4"}}},
		},
		{
			name: "what they say changes", path: "controlPlane.apiServer.service.type", want: "ClusterIP",
			runs: []commandLine{{args: []string{"init", ephemeral, "--api-server-service-type=NodePort"}, up: true}, {args: []string{"init", "--api-server-service-type=ClusterIP"}}},
		},
		{
			name: "flags are checked with what stays", path: "controlPlane.apiServer.service.nodePort", want: int64(30443),
			runs: []commandLine{{args: []string{"init", ephemeral, "--api-server-service-type=NodePort"}, up: true}, {args: []string{"init", "--api-server-port=30443"}}},
		},
		{
			name: "a node port and addresses can be taken back", path: "controlPlane.apiServer.service", want: map[string]any{"type": "LoadBalancer", "nodePort": int64(0), "advertiseAddresses": []any{}},
			runs: []commandLine{
				{args: []string{"init", ephemeral, "--api-server-service-type=NodePort", "--api-server-port=30443", "--api-server-advertise-address=10.0.10.20"}, up: true},
				{args: []string{"init", "--api-server-service-type=LoadBalancer", "--api-server-port=0", "--api-server-advertise-address="}},
			},
		},
		{
			name: "flags that do not go with what stays are refused", path: "controlPlane.apiServer.service.type", want: "NodePort", code: exitUsage,
			runs: []commandLine{{args: []string{"init", ephemeral, "--api-server-service-type=NodePort"}, up: true}, {args: []string{"init", "--set=controlPlane.apiServer.service.type=ClusterIP", "--api-server-port=30443"}}},
		},
		{
			name: "what a first run said that Helm could not install is forgotten", path: "controlPlane.image", want: nil,
			runs: []commandLine{{args: []string{"init", ephemeral, "--image=example.com/none:0"}, failed: true}, {args: []string{"init", ephemeral}}},
		},
		{
			name: "so is what never came up", path: "controlPlane.etcd.image", want: nil,
			runs: []commandLine{{args: []string{"init", ephemeral, "--etcd-image=example.com/none:0"}}, {args: []string{"init", ephemeral}}},
		},
		{
			name: "and what a later run said, though not what came up before", path: "controlPlane", want: map[string]any{"etcd": map[string]any{"persistence": map[string]any{"enabled": false}}, "apiServer": map[string]any{"service": map[string]any{"type": "NodePort"}}},
			runs: []commandLine{
				{args: []string{"init", ephemeral, "--api-server-service-type=NodePort"}, up: true}, {args: []string{"init", "--image=example.com/none:0"}, failed: true},
				{args: []string{"init", "--image=example.com/none:0"}}, {args: []string{"init"}},
			},
		},
		{
			name: "an upgrade keeps what came up last too", path: "controlPlane.image", want: nil,
			runs: []commandLine{{args: []string{"init", ephemeral}, up: true}, {args: []string{"upgrade", "--image=example.com/none:0"}, failed: true}, {args: []string{"upgrade"}}},
		},
		{
			name: "an upgrade of what never came up keeps what there is", path: "controlPlane.etcd.external.servers", want: external,
			runs: []commandLine{{args: []string{"init", "--etcd-servers=https://etcd.example.com:2379"}}, {args: []string{"upgrade", "--apiserver-arg-overrides=--v=4"}}},
		},
		{
			name: "what came up after the limit stays, whatever came up before", path: "controlPlane.apiServer.service.type", want: "NodePort",
			runs: []commandLine{{args: []string{"init", ephemeral}, up: true}, {args: []string{"init", "--api-server-service-type=NodePort"}, late: true}, {args: []string{"init", "--apiserver-arg-overrides=--v=4"}}},
		},
		{
			name: "for an upgrade too", path: "controlPlane.apiServer.service.type", want: "NodePort",
			runs: []commandLine{{args: []string{"init", ephemeral}, up: true}, {args: []string{"upgrade", "--api-server-service-type=NodePort"}, late: true}, {args: []string{"upgrade", "--apiserver-arg-overrides=--v=4"}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cluster := &memoryHelm{PrintingKubeClient: kubefake.PrintingKubeClient{Out: io.Discard, LogOutput: io.Discard}}
			capabilities := *chartutil.DefaultCapabilities
			capabilities.KubeVersion = chartutil.KubeVersion{Version: "v1.36.3", Major: "1", Minor: "36"}
			memory := driver.NewMemory()
			memory.SetNamespace("federation-system")
			helm := release.NewWith(&action.Configuration{
				Releases: storage.Init(memory), KubeClient: cluster, Capabilities: &capabilities, Log: func(string, ...any) {},
			}, "federation-system")
			client := answering()
			late := false
			client.PrependReactor("list", "deployments", func(k8stesting.Action) (bool, runtime.Object, error) {
				if late {
					late = false // the run itself is to end
					return true, &appsv1.DeploymentList{Items: []appsv1.Deployment{{
						ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{federation.LabelInstance: "fellowship", federation.LabelPartOf: federation.PartOf}},
						Status:     appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1},
					}}}, nil
				}
				return true, nil, errors.New("not up")
			})
			file := filepath.Join(t.TempDir(), "config")
			var err error
			for _, run := range tt.runs {
				cluster.hookErr = nil
				if run.failed {
					cluster.hookErr = errors.New("no such image")
				}
				c := newConsole(client, helm)
				c.host.files = []string{file}
				err = c.fedhelm(append(run.args, "fellowship", "--quiet")...)
				t.Logf("%q: %v", run.args, err)
				late = run.late
				if run.up {
					if err := helm.CameUp(t.Context(), "fellowship"); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err == nil || tt.code != 0 && exitCode(err) != tt.code {
				t.Errorf("the last run ends with %v, want exit code %d", err, tt.code)
			}
			values, err := helm.Values(t.Context(), "fellowship")
			if err != nil {
				t.Fatal(err)
			}
			got := at(values, tt.path)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s\n%v", tt.path, diff, values)
			}
		})
	}
}

// at is the value at a path; nil when there is none.
func at(values map[string]any, path string) any {
	var found any = values
	for _, key := range strings.Split(path, ".") {
		table, _ := found.(map[string]any)
		found = table[key]
	}
	return found
}
