//go:build integration

package v1beta1_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

func TestIntegrationClusterAPI(t *testing.T) {
	server := apiserver.Start(t)
	c := withCRDs(t, server)
	t.Run("validation", func(t *testing.T) { testValidation(t, c) })
	t.Run("status", func(t *testing.T) { testStatus(t, c) })
	t.Run("columns", func(t *testing.T) { testColumns(t, server) })
}

// withCRDs returns a client after the API serves what CRDs() has.
func withCRDs(t *testing.T, server *apiserver.Server) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(fedv1beta1.AddToScheme(scheme), apiextensionsv1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(server.Admin(t), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range fedv1beta1.CRDs() {
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(doc, &crd); err != nil {
			t.Fatal(err)
		}
		if err := c.Create(t.Context(), &crd); err != nil {
			t.Fatalf("the API server refuses CRD %q: %v", crd.Name, err)
		}
	}
	eventually.Do(t, 20*time.Second, "Clusters to be served", func() error {
		return c.List(t.Context(), &fedv1beta1.ClusterList{})
	})
	return c
}

func cluster(name string, addresses ...fedv1beta1.ServerAddressByClientCIDR) *fedv1beta1.Cluster {
	return &fedv1beta1.Cluster{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       fedv1beta1.ClusterSpec{ServerAddressByClientCIDRs: addresses},
	}
}

func at(server string) fedv1beta1.ServerAddressByClientCIDR {
	return fedv1beta1.ServerAddressByClientCIDR{ServerAddress: server}
}

func from(cidr, server string) fedv1beta1.ServerAddressByClientCIDR {
	return fedv1beta1.ServerAddressByClientCIDR{ClientCIDR: cidr, ServerAddress: server}
}

func testValidation(t *testing.T, c client.Client) {
	t.Helper()
	const server = "https://192.0.2.1:6443"
	tests := []struct {
		name    string
		cluster *fedv1beta1.Cluster
		want    string // what the refusal says; "" for none
	}{
		{name: "a URL is accepted", cluster: cluster("gondor", at(server))},
		{name: "host and port are accepted", cluster: cluster("rohan", at("192.0.2.1:6443"))},
		{name: "an IPv6 host is accepted", cluster: cluster("shire", at("[2001:db8::1]:6443"))},
		{name: "a URL with a path is accepted", cluster: cluster("bree", at("https://rancher.example/k8s/clusters/c-1"))},
		{name: "63 characters are accepted", cluster: cluster("a"+strings.Repeat("b", 62), at(server))},
		{name: "one letter is accepted", cluster: cluster("x", at(server))},
		{name: "addresses for several ranges are accepted", cluster: cluster("moria", from("10.0.0.0/8", "10.1.1.1"), from("fd00::/8", "[fd00::1]"), from("", server))},
		{name: "64 characters are too many", cluster: cluster("a"+strings.Repeat("b", 63), at(server)), want: "RFC 1035"},
		{name: "a name may not have a dot", cluster: cluster("minas.tirith", at(server)), want: "RFC 1035"},
		{name: "a name may not begin with a digit", cluster: cluster("1ring", at(server)), want: "RFC 1035"},
		{name: "a name may not end with a dash", cluster: cluster("ring-", at(server)), want: "metadata.name"},
		{name: "a name may not have capitals", cluster: cluster("Gondor", at(server)), want: "metadata.name"},
		{name: "an address must be there", cluster: cluster("none"), want: "serverAddressByClientCIDRs"},
		{name: "an address may not be empty", cluster: cluster("empty", at("")), want: "serverAddress"},
		{name: "an address may not be plain HTTP", cluster: cluster("http", at("http://192.0.2.1")), want: "https://"},
		{name: "an address may not have spaces", cluster: cluster("spaces", at("192.0.2.1 :6443")), want: "host:port"},
		{name: "an address may not have a line break at its end", cluster: cluster("break", at("192.0.2.1\n")), want: "host:port"},
		{name: "a range must be a CIDR", cluster: cluster("cidr", from("10/8", server)), want: "CIDR"},
		{name: "a range must have a length", cluster: cluster("plain", from("10.0.0.1", server)), want: "CIDR"},
		{name: "a range may be named once", cluster: cluster("twice", from("10.0.0.0/8", server), from("10.0.0.0/8", server)), want: "Duplicate"},
		{name: "no range may be named once", cluster: cluster("both", at(server), at("192.0.2.2")), want: "Duplicate"},
		{name: "a secretRef must have a name", cluster: func() *fedv1beta1.Cluster {
			c := cluster("secretless", at(server))
			c.Spec.SecretRef = &fedv1beta1.SecretReference{}
			return c
		}(), want: "secretRef.name"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := c.Create(t.Context(), tt.cluster)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (!apierrors.IsInvalid(err) || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("Create = %v, want a refusal with %q", err, tt.want)
			}
		})
	}
}

func testStatus(t *testing.T, c client.Client) {
	t.Helper()
	ctx := t.Context()
	obj := cluster("lorien", at("192.0.2.1:6443"))
	obj.Status.Region = "written at creation"
	if err := c.Create(ctx, obj); err != nil {
		t.Fatal(err)
	}
	if obj.Status.Region != "" {
		t.Errorf("region %q was taken over at creation, want status to be written by its subresource alone", obj.Status.Region)
	}
	obj.Status = fedv1beta1.ClusterStatus{
		Conditions: []metav1.Condition{{
			Type: fedv1beta1.ClusterReady, Status: metav1.ConditionTrue, Reason: fedv1beta1.ReasonClusterReady, LastTransitionTime: metav1.Now(),
		}},
		Zones: []string{"eu-west-1a", "eu-west-1b"}, Region: "eu-west-1", KubernetesVersion: "v1.36.3",
	}
	want := obj.Status.DeepCopy()
	obj.Spec.ServerAddressByClientCIDRs[0].ServerAddress = "changed with the status"
	if err := c.Status().Update(ctx, obj); err != nil {
		t.Fatal(err)
	}
	if got := obj.Spec.ServerAddressByClientCIDRs[0].ServerAddress; got != "192.0.2.1:6443" {
		t.Errorf("server address %q was changed with the status", got)
	}
	if obj.Status.Region != want.Region || !slices.Equal(obj.Status.Zones, want.Zones) || len(obj.Status.Conditions) != 1 {
		t.Errorf("status %+v, want %+v", obj.Status, *want)
	}
	obj.Status.Region = "changed with the spec"
	if err := c.Update(ctx, obj); err != nil {
		t.Fatal(err)
	}
	if obj.Status.Region != want.Region {
		t.Errorf("region %q was changed by an update of the object", obj.Status.Region)
	}
	obj.Status.Conditions = append(obj.Status.Conditions, obj.Status.Conditions[0])
	if err := c.Status().Update(ctx, obj); !apierrors.IsInvalid(err) {
		t.Errorf("two conditions of one type: %v, want a refusal", err)
	}
}

// testColumns expects the object of testStatus.
func testColumns(t *testing.T, server *apiserver.Server) {
	t.Helper()
	table := getTable(t, server, "/apis/federation.fedhelm.io/v1beta1/clusters/lorien")
	var narrow, wide []string
	cells := map[string]any{}
	for i, column := range table.ColumnDefinitions {
		if column.Priority == 0 {
			narrow = append(narrow, column.Name)
		} else {
			wide = append(wide, column.Name)
		}
		cells[column.Name] = table.Rows[0].Cells[i]
	}
	if want := []string{"Name", "Ready", "Region", "Zones", "Version", "Age"}; !slices.Equal(narrow, want) {
		t.Errorf("columns %q, want %q", narrow, want)
	}
	if want := []string{"Nodes", "Server"}; !slices.Equal(wide, want) {
		t.Errorf("wide columns %q, want %q", wide, want)
	}
	for name, want := range map[string]any{
		"Name": "lorien", "Ready": "True", "Region": "eu-west-1", "Zones": `["eu-west-1a","eu-west-1b"]`, "Version": "v1.36.3", "Server": "192.0.2.1:6443",
	} {
		if cells[name] != want {
			t.Errorf("column %s shows %v, want %v", name, cells[name], want)
		}
	}
}

// getTable asks as kubectl get does.
func getTable(t *testing.T, server *apiserver.Server, path string) metav1.Table {
	t.Helper()
	hc, err := rest.HTTPClientFor(server.Admin(t))
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json;as=Table;g=meta.k8s.io;v=v1")
	resp, err := hc.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var table metav1.Table
	if err := json.NewDecoder(resp.Body).Decode(&table); err != nil || len(table.Rows) != 1 {
		t.Fatalf("%s: %s, table of %d rows, %v", path, resp.Status, len(table.Rows), err)
	}
	return table
}
