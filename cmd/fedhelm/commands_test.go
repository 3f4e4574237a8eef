package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
	"github.com/fedhelm/fedhelm/pkg/release"
	"github.com/fedhelm/fedhelm/pkg/setup"
	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

// fellowship is a host cluster with a federation in it, in a namespace of its own.
func fellowship(t *testing.T) *fake.Clientset {
	t.Helper()
	meta := func(name, component string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, Namespace: "middle-earth", Labels: map[string]string{
			federation.LabelName: federation.AppName, federation.LabelInstance: "fellowship",
			federation.LabelPartOf: federation.PartOf, federation.LabelComponent: component,
		}}
	}
	config, err := kubeconfig.Encode(kubeconfig.New(kubeconfig.Entry{Name: "fellowship", Server: "https://192.0.2.7", CA: certs.CA(t, "ca").CertPEM(), Token: "t"}))
	if err != nil {
		t.Fatal(err)
	}
	return fake.NewClientset(
		&appsv1.Deployment{ObjectMeta: meta("fellowship-apiserver", "apiserver"), Status: appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1}},
		&corev1.Service{ObjectMeta: meta("fellowship-apiserver", "apiserver"), Spec: corev1.ServiceSpec{Type: "LoadBalancer"}},
		&corev1.Secret{ObjectMeta: meta("fellowship-kubeconfig", "publish"), Data: map[string][]byte{"kubeconfig": config}},
	)
}

func TestNamespaceComesFromItsFlagAlone(t *testing.T) {
	t.Setenv("HELM_NAMESPACE", "wrong")
	for command, flags := range named {
		for _, ns := range [][]string{nil, {"-n", "middle-earth"}, {"--federation-system-namespace=middle-earth"}} {
			c := newConsole(answering(), noHelm{})
			_ = c.fedhelm(slices.Concat([]string{command, "fellowship"}, flags, ns)...)
			want := "federation-system"
			if ns != nil {
				want = "middle-earth"
			}
			if slices.ContainsFunc(c.asked, func(asked string) bool { return asked != want }) {
				t.Errorf("%s %q asks Helm about namespaces %q", command, ns, c.asked)
			}
			if command != "kubeconfig" && len(c.asked) == 0 { // which needs no Helm
				t.Errorf("%s %q does not ask Helm", command, ns)
			}
		}
	}
}

func TestList(t *testing.T) {
	c := newConsole(fellowship(t), noHelm{})
	if err := c.fedhelm("list"); err != nil {
		t.Fatal(err)
	}
	if want := "NAME         NAMESPACE      READY   MEMBERS\nfellowship   middle-earth   1/1     0\n"; c.out.String() != want {
		t.Errorf("got\n%swant\n%s", c.out.String(), want)
	}
	c = newConsole(fake.NewClientset(), noHelm{})
	if err := c.fedhelm("list", "-o", "json"); err != nil || strings.TrimSpace(c.out.String()) != "[]" {
		t.Errorf("without any federation: %q, %v; want an empty list", c.out.String(), err)
	}
}

func TestStatus(t *testing.T) {
	c := newConsole(fellowship(t), noHelm{})
	if err := c.fedhelm("status", "fellowship", "-n", "middle-earth"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"fellowship (namespace middle-earth)", "https://192.0.2.7 (Service of type LoadBalancer)", "not installed by Helm"} {
		if !strings.Contains(c.out.String(), want) {
			t.Errorf("the status does not say %q:\n%s", want, c.out.String())
		}
	}
	c = newConsole(fellowship(t), noHelm{})
	if err := c.fedhelm("status", "-o", "json", "fellowship", "-n", "middle-earth"); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(c.out.Bytes(), &got); err != nil || got["ready"] != true || got["name"] != "fellowship" || got["members"] == nil {
		t.Errorf("the status in JSON is %v, %v", got, err)
	}
}

func TestStatusShowsDNSZones(t *testing.T) {
	manager := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "fellowship-controller-manager", Namespace: "middle-earth"}}
	manager.Spec.Template.Spec.Containers = []corev1.Container{{Args: []string{"--zone-name=example.com."}}}
	tests := []struct {
		name string
		edit func(*namesAPI)
		out  []string
	}{
		{name: "one that is ready", out: []string{"DNS ZONE      PROVIDER   READY   NAMES   RECORDS   SERVERS   REASON\nexample.com   coredns    yes     3       4         -         -\n"}},
		{
			name: "one that is not, and what is held", out: []string{
				"example.com   coredns    yes     3       4         192.0.2.53:53   records are held: 40 Services are not there\n", "example.net   coredns    no      3       4         -               Denied: the key is wrong\n",
			},
			edit: func(f *namesAPI) {
				f.zones[0].Status.Servers = []string{"192.0.2.53:53"}
				f.zones[0].Status.Conditions = append(f.zones[0].Status.Conditions, is(fedv1beta1.DNSZoneRecordsHeld, metav1.ConditionTrue, fedv1beta1.ReasonSourcesMissing, "40 Services are not there"))
				f.zones = append(f.zones, zoneOf("example.net.", fedv1beta1.ReasonDenied, "the key\nis wrong"))
			},
		},
		{name: "an API that does not answer", out: []string{"DNS zones:", "not known: list the DNSZones of the federation API: no route"}, edit: func(f *namesAPI) { f.err = errors.New("no route") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, f := resolving(t, nil)
			if _, err := c.host.Client.AppsV1().Deployments("middle-earth").Create(t.Context(), manager, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			if tt.edit != nil {
				tt.edit(f)
			}
			if err := c.fedhelm("status", "fellowship", "-n", "middle-earth"); err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.out {
				if !strings.Contains(c.out.String(), want) {
					t.Errorf("the status does not say %q:\n%s", want, c.out.String())
				}
			}
		})
	}
}

func TestStatusOfWhatIsNotReady(t *testing.T) {
	client := fellowship(t)
	down := &appsv1.Deployment{}
	all, err := client.AppsV1().Deployments("middle-earth").List(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	all.Items[0].DeepCopyInto(down)
	down.Status.ReadyReplicas = 0
	if _, err := client.AppsV1().Deployments("middle-earth").UpdateStatus(context.Background(), down, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	c := newConsole(client, noHelm{})
	if err := c.fedhelm("status", "fellowship", "-n", "middle-earth"); exitCode(err) != exitFailed || !strings.Contains(c.out.String(), "Ready:") {
		t.Errorf("ends with %v after\n%s", err, c.out.String())
	}
	c = newConsole(client, noHelm{})
	if err := c.fedhelm("status", "fellowship"); err == nil || !strings.Contains(err.Error(), "fedhelm list") {
		t.Errorf("in another namespace: %v, want an error that names fedhelm list", err)
	}
}

func TestKubeconfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(file, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := newConsole(fellowship(t), noHelm{})
	if err := c.fedhelm("kubeconfig", "fellowship", "-n", "middle-earth"); err != nil {
		t.Fatal(err)
	}
	printed := c.out.String()
	if err := c.fedhelm("kubeconfig", "fellowship", "-n", "middle-earth", "-o", file); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(file)
	info, statErr := os.Stat(file)
	if err != nil || statErr != nil || string(written) != printed || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %q with %v, %v; want %q for its owner alone", written, info.Mode(), err, printed)
	}
	mine := filepath.Join(t.TempDir(), "config")
	c.host.files = []string{mine}
	if err := c.fedhelm("kubeconfig", "--merge", "fellowship", "-n", "middle-earth"); err != nil {
		t.Fatal(err)
	}
	if merged, err := os.ReadFile(mine); err != nil || !strings.Contains(string(merged), "https://192.0.2.7") {
		t.Errorf("the kubeconfig is %q, %v", merged, err)
	}
	if strings.Contains(c.err.String(), "chmod") {
		t.Errorf("of a file that is its owner's alone it warns: %s", c.err.String())
	}
	if err := os.Chmod(mine, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := c.fedhelm("kubeconfig", "--merge", "fellowship", "-n", "middle-earth"); err != nil || !strings.Contains(c.err.String(), "chmod 600 "+mine) {
		t.Errorf("of a file that others may read it does not warn: %v, %s", err, c.err.String())
	}
	for _, args := range [][]string{{"--merge", "-o", "x"}, {"--set-current-context"}} {
		if err := c.fedhelm(append([]string{"kubeconfig", "fellowship"}, args...)...); exitCode(err) != exitUsage {
			t.Errorf("%q ends with %v, want exit code %d", args, err, exitUsage)
		}
	}
	if err := c.fedhelm("kubeconfig", "hobbits", "-n", "middle-earth"); err == nil || !strings.Contains(err.Error(), `Secret "hobbits-kubeconfig"`) {
		t.Errorf("of another federation: %v", err)
	}
}

func TestDeleteAsksFirst(t *testing.T) {
	t.Run("nobody there to ask", func(t *testing.T) {
		c := newConsole(fellowship(t), noHelm{})
		if err := c.fedhelm("delete", "fellowship", "-n", "middle-earth"); exitCode(err) != exitUsage || !strings.Contains(err.Error(), "--yes") {
			t.Errorf("ends with %v, want an error that names --yes", err)
		}
	})
	tests := []struct {
		answer string
		want   bool
	}{{"y\n", true}, {"YES\n", true}, {"n\n", false}, {"\n", false}, {"yes please\n", false}}
	for _, tt := range tests {
		t.Run("the answer "+strings.TrimSpace(tt.answer), func(t *testing.T) {
			c := newConsole(nil, nil)
			c.stdin = strings.NewReader(tt.answer)
			if got, err := c.confirm(t.Context(), "Sure"); err != nil || got != tt.want {
				t.Errorf("confirm = %v, %v; want %v", got, err, tt.want)
			}
		})
	}
	t.Run("no answer at all", func(t *testing.T) {
		if _, err := newConsole(nil, nil).confirm(t.Context(), "Sure"); err == nil {
			t.Error("no error")
		}
	})
	t.Run("an interrupt instead of an answer", func(t *testing.T) {
		c := newConsole(nil, nil)
		silent, end := io.Pipe()
		defer end.Close()
		c.stdin = silent
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.confirm(ctx, "Sure"); !errors.Is(err, context.Canceled) {
			t.Errorf("ends with %v, want it to be interrupted", err)
		}
	})
}

func TestDeleteThatNobodyConfirmsTimesOut(t *testing.T) {
	c := newConsole(answering(), installed{})
	silent, end := io.Pipe()
	defer end.Close()
	c.stdin, c.interactive = silent, true
	err := c.fedhelm("delete", "fellowship", "--timeout=1s")
	if exitCode(err) != exitTimedOut || err.Error() != "timed out after 1s: nobody answered, and nothing was deleted" {
		t.Errorf("ends with exit code %d: %v; want %d, and to be told why", exitCode(err), err, exitTimedOut)
	}
}

// installed is Helm with the release of a federation.
type installed struct{ noHelm }

func (installed) Get(context.Context, string) (release.Info, error) {
	return release.Info{Name: "fellowship", ChartName: "federation", Deployed: true}, nil
}

func TestPrintDeleted(t *testing.T) {
	ref := federation.Ref{Name: "fellowship", Namespace: "federation-system"}
	tests := []struct {
		name    string
		deleted setup.Deleted
		purge   bool
		want    string
	}{
		{name: "the data that is kept", deleted: setup.Deleted{Ref: ref, Deleted: true, DataKept: []string{"data"}}, want: "claims data; to delete it too: fedhelm delete fellowship --purge-data\n"},
		{name: "the data that is purged needs no word", deleted: setup.Deleted{Ref: ref, Deleted: true, DataPurged: []string{"data"}}, purge: true, want: "Federation fellowship is deleted.\n"},
		{name: "data that is not ours to purge", deleted: setup.Deleted{Ref: ref, Deleted: true}, purge: true, want: "is left to you.\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			if printDeleted(&b, tt.deleted, tt.purge); !strings.HasSuffix(b.String(), tt.want) {
				t.Errorf("it says\n%swant at the end\n%s", b.String(), tt.want)
			}
		})
	}
}

func TestUpgradeNeedsARelease(t *testing.T) {
	c := newConsole(answering(), noHelm{})
	if err := c.fedhelm("upgrade", "fellowship"); exitCode(err) != exitFailed || !strings.Contains(err.Error(), "fedhelm init") {
		t.Errorf("ends with %v, want an error that names fedhelm init", err)
	}
}

// deployed is a Helm with one release.
type deployed struct {
	noHelm
	values map[string]any
}

func (d deployed) Kept(context.Context, string, string, func() bool) (release.Kept, error) {
	return release.Kept{Values: d.values, CameUp: true}, nil
}

func TestUpgradeKeepsValuesAndChecksThemWithTheFlags(t *testing.T) {
	service := map[string]any{"type": "NodePort"}
	helm := deployed{values: map[string]any{"controlPlane": map[string]any{"apiServer": map[string]any{"service": service}}}}
	c := newConsole(answering(), helm)
	if err := c.fedhelm("upgrade", "fellowship", "--api-server-port=30443", "--dry-run"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"type: NodePort", "nodePort: 30443"} {
		if !strings.Contains(c.out.String(), want) {
			t.Errorf("the manifests do not have %q", want)
		}
	}
	if err := c.fedhelm("upgrade", "fellowship", "--api-server-service-type=ClusterIP", "--api-server-port=30443"); exitCode(err) != exitUsage {
		t.Errorf("a port without a node port ends with %v, want exit code %d", err, exitUsage)
	}
}

func TestUpgradeSetsElementsOfListsThatItKeeps(t *testing.T) {
	const first, second = "https://a.example.com:2379", "https://b.example.com:2379"
	tests := []struct {
		name string
		args []string
		want int
	}{
		{"one more", []string{"--set=controlPlane.etcd.external.servers[1]=" + second}, 0},
		{"one more, with something else", []string{"--set=controlPlane.apiServer.replicas=2,controlPlane.etcd.external.servers[1]=" + second}, 0},
		{"one more, as JSON", []string{`--set-json=controlPlane.etcd.external.servers[1]="` + second + `"`}, 0},
		{"one that is not next to those that there are", []string{"--set=controlPlane.etcd.external.servers[2]=" + second}, exitUsage},
		{"what no list beneath would mend", []string{"--set=controlPlane.etcd.external.servers=b"}, exitUsage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			external := map[string]any{"servers": []any{first}}
			c := newConsole(answering(), deployed{values: map[string]any{"controlPlane": map[string]any{"etcd": map[string]any{"external": external}}}})
			err := c.fedhelm(append([]string{"upgrade", "fellowship", "--dry-run"}, tt.args...)...)
			if exitCode(err) != tt.want {
				t.Fatalf("ends with exit code %d: %v; want %d", exitCode(err), err, tt.want)
			}
			if err == nil && !strings.Contains(c.out.String(), "--etcd-servers="+first+","+second) {
				t.Error("the API server is not given both")
			}
		})
	}
}

func TestVersion(t *testing.T) {
	c := newConsole(nil, nil)
	if err := c.fedhelm("version", "--client", "-o", "json"); err != nil {
		t.Fatal(err)
	}
	var got versions
	if err := json.Unmarshal(c.out.Bytes(), &got); err != nil || got.Client.Version == "" || got.Chart == "" || got.Host != "" || len(c.connected) > 0 {
		t.Errorf("version = %+v, %v; asked %v", got, err, c.connected)
	}
	if err := newConsole(nil, nil).fedhelm("version"); err != nil {
		t.Errorf("without a host cluster: %v", err)
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range shells {
		c := newConsole(nil, nil)
		if err := c.fedhelm("completion", shell); err != nil || !strings.Contains(c.out.String(), completionFlag) {
			t.Errorf("%s: %v\n%s", shell, err, c.out.String())
		}
	}
	words := os.Args
	t.Cleanup(func() { os.Args = words })
	os.Args = []string{"fedhelm", completionFlag} // the library looks there too
	c := newConsole(nil, nil)
	if err := c.fedhelm(completionFlag); err != nil || !strings.Contains(c.out.String(), "kubeconfig") {
		t.Errorf("the commands are %q, %v", c.out.String(), err)
	}
}

func TestErrorsOfTheHostAreNotUsage(t *testing.T) {
	if err := newConsole(nil, nil).fedhelm("init", "fellowship"); !errors.Is(err, errNoHost) || exitCode(err) != exitFailed {
		t.Errorf("ends with %v", err)
	}
}
