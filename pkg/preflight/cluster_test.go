package preflight

import (
	"context"
	"errors"
	"slices"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"
)

func meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: "federation-system"}
}

func options(objects ...runtime.Object) InitOptions {
	return InitOptions{
		Client: fake.NewClientset(objects...), Context: "rivendell",
		Name: "fellowship", Namespace: "federation-system", Persistence: true, Capacity: "10Gi",
		ServiceType: corev1.ServiceTypeLoadBalancer,
	}
}

func TestPermissions(t *testing.T) {
	// allow answers access reviews by verb and resource.
	allow := func(o InitOptions, allowed func(a *authorizationv1.ResourceAttributes) bool) {
		o.Client.(*fake.Clientset).PrependReactor("create", "selfsubjectaccessreviews", func(a k8stesting.Action) (bool, runtime.Object, error) {
			r := a.(k8stesting.CreateAction).GetObject().(*authorizationv1.SelfSubjectAccessReview).DeepCopy()
			r.Status.Allowed = allowed(r.Spec.ResourceAttributes)
			return true, r, nil
		})
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "federation-system"}}
	inside := func(a *authorizationv1.ResourceAttributes) bool { return a.Namespace == "federation-system" }
	// roles may be made, and nothing given by them but what is listed.
	roles := func(rules ...string) func(a *authorizationv1.ResourceAttributes) bool {
		return func(a *authorizationv1.ResourceAttributes) bool {
			switch a.Resource {
			case "*", "configmaps":
				return slices.Contains(rules, a.Verb+" "+a.Name)
			default:
				return a.Verb != "escalate" && a.Verb != "bind" || slices.Contains(rules, a.Verb)
			}
		}
	}
	const (
		policies = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: wall, namespace: federation-system}\n---\n"
		jobs     = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: pki, namespace: federation-system, annotations: {helm.sh/hook: 'pre-install,pre-upgrade'}}\n---\n"
		later    = "apiVersion: v1\nkind: Pod\nmetadata: {name: verify, namespace: federation-system, annotations: {helm.sh/hook: test}}\n---\n"
		wide     = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: publish}\nrules: [{apiGroups: [''], resources: [nodes], verbs: [list]}]\n---\n"
		role     = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: pki, namespace: federation-system}\n" +
			"rules: [{apiGroups: [''], resources: [secrets], verbs: [get, update]}, {apiGroups: [''], resources: [configmaps], verbs: [patch], resourceNames: [a, b]}]\n---\n"
	)
	tests := []struct {
		name      string
		objects   []runtime.Object
		manifests string
		allowed   func(a *authorizationv1.ResourceAttributes) bool
		want      []string
		reviews   int
	}{
		{
			name: "an administrator is asked about everything at once", manifests: policies + wide + role, reviews: 2,
			objects: []runtime.Object{namespace}, allowed: func(*authorizationv1.ResourceAttributes) bool { return true },
		},
		{
			name: "all that is missing is named", manifests: jobs + policies,
			allowed: func(a *authorizationv1.ResourceAttributes) bool {
				return a.Resource != "*" && a.Resource != "namespaces" && a.Group != "batch" && a.Group != "networking.k8s.io" && a.Resource != "leases" &&
					(a.Resource != "secrets" || a.Verb != "delete")
			},
			want: []string{
				"may not create namespaces, delete secrets, get/list/watch/create/delete jobs.batch, get/create/update leases.coordination.k8s.io, " +
					"get/create/patch/delete networkpolicies.networking.k8s.io in namespace federation-system",
				"auth can-i --list",
			},
		},
		{
			name: "rights inside the namespace are enough when it exists", objects: []runtime.Object{namespace}, manifests: jobs + policies + role, allowed: inside,
		},
		{
			name: "cluster roles are asked about when the release has some, and what they give", objects: []runtime.Object{namespace}, manifests: wide, allowed: inside,
			want: []string{"may not get/create/patch/delete clusterroles.rbac.authorization.k8s.io, list nodes"},
		},
		{
			name: "nothing is asked of what only a test makes", objects: []runtime.Object{namespace}, manifests: later,
			allowed: func(a *authorizationv1.ResourceAttributes) bool {
				return a.Resource != "*" && (a.Resource != "pods" || a.Verb != "create")
			},
		},
		{
			name: "a Role gives what its maker has", objects: []runtime.Object{namespace}, manifests: role, allowed: roles("bind"),
			want: []string{"may not patch configmaps in namespace federation-system"},
		},
		{name: "or has for all the names", objects: []runtime.Object{namespace}, manifests: role, allowed: roles("patch a", "patch b")},
		{
			name: "but not for some", objects: []runtime.Object{namespace}, manifests: role, allowed: roles("patch a"),
			want: []string{"may not patch configmaps"},
		},
		{name: "or may give all the same", objects: []runtime.Object{namespace}, manifests: role, allowed: roles("escalate", "bind")},
		{
			name: "what cannot be read is no permission", objects: []runtime.Object{namespace}, manifests: "kind: [", allowed: inside,
			want: []string{"read what would be installed"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := options(tt.objects...)
			o.Manifests = tt.manifests
			allow(o, tt.allowed)
			wantProblem(t, problem(t, o.permissions), tt.want...)
			reviews := 0
			for _, a := range o.Client.(*fake.Clientset).Actions() {
				if a.GetVerb() == "create" {
					reviews++
				}
			}
			if tt.reviews != 0 && reviews != tt.reviews {
				t.Errorf("%d access reviews, want %d", reviews, tt.reviews)
			}
		})
	}
}

func TestStorage(t *testing.T) {
	class := func(name, isDefault string) *storagev1.StorageClass {
		return &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{defaultClass: isDefault}}}
	}
	claim := func(change func(*corev1.PersistentVolumeClaim)) *corev1.PersistentVolumeClaim {
		c := &corev1.PersistentVolumeClaim{ObjectMeta: meta("chronicle")}
		c.Status.Phase = corev1.ClaimBound
		change(c)
		return c
	}
	user := func(instance string, phase corev1.PodPhase) *corev1.Pod {
		p := &corev1.Pod{ObjectMeta: meta("scribe"), Status: corev1.PodStatus{Phase: phase}}
		p.Labels = map[string]string{instanceLabel: instance}
		p.Spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "chronicle"},
		}}}
		return p
	}
	unchanged := func(*corev1.PersistentVolumeClaim) {}
	tests := []struct {
		name    string
		objects []runtime.Object
		change  func(*InitOptions)
		want    []string
	}{
		{name: "a default class is enough", objects: []runtime.Object{class("slow", "false"), class("fast", "true")}},
		{
			name: "without a default class the others are named", objects: []runtime.Object{class("slow", "false"), class("fast", "")},
			want: []string{"no StorageClass is the default one", "fast, slow", "--etcd-pv-storage-class", "--etcd-persistent-storage=false"},
		},
		{name: "no class at all", want: []string{"the cluster has none"}},
		{
			name: "the named class exists", objects: []runtime.Object{class("slow", "")},
			change: func(o *InitOptions) { o.StorageClass = "slow" },
		},
		{
			name: "the named class does not exist", objects: []runtime.Object{class("slow", "true")},
			change: func(o *InitOptions) { o.StorageClass = "golden" }, want: []string{`no StorageClass "golden"`, "slow"},
		},
		{
			name: "a volume made by hand will do",
			objects: []runtime.Object{&corev1.PersistentVolume{
				ObjectMeta: metav1.ObjectMeta{Name: "stone"}, Spec: corev1.PersistentVolumeSpec{StorageClassName: "golden"},
				Status: corev1.PersistentVolumeStatus{Phase: corev1.VolumeAvailable},
			}},
			change: func(o *InitOptions) { o.StorageClass = "golden" },
		},
		{
			name:    "claims of an earlier run need no class",
			objects: []runtime.Object{claim(func(c *corev1.PersistentVolumeClaim) { c.Labels = map[string]string{instanceLabel: "fellowship"} })},
		},
		{name: "without persistence nothing is needed", change: func(o *InitOptions) { o.Persistence = false }},
		{
			name: "an existing claim that nobody uses", objects: []runtime.Object{claim(unchanged)},
			change: func(o *InitOptions) { o.ExistingClaim = "chronicle" },
		},
		{
			name:   "an existing claim that is missing",
			change: func(o *InitOptions) { o.ExistingClaim = "chronicle" }, want: []string{`no PersistentVolumeClaim "chronicle"`, "--etcd-existing-claim"},
		},
		{
			name: "an existing claim that is being deleted",
			objects: []runtime.Object{claim(func(c *corev1.PersistentVolumeClaim) {
				c.DeletionTimestamp = &metav1.Time{}
				c.Finalizers = []string{"x"}
			})},
			change: func(o *InitOptions) { o.ExistingClaim = "chronicle" }, want: []string{"is being deleted"},
		},
		{
			name:    "an existing claim without its volume",
			objects: []runtime.Object{claim(func(c *corev1.PersistentVolumeClaim) { c.Status.Phase = corev1.ClaimLost })},
			change:  func(o *InitOptions) { o.ExistingClaim = "chronicle" }, want: []string{"has lost its volume"},
		},
		{
			name: "an existing claim in somebody else's use", objects: []runtime.Object{claim(unchanged), user("archive", corev1.PodRunning)},
			change: func(o *InitOptions) { o.ExistingClaim = "chronicle" }, want: []string{`in use by pod "scribe"`},
		},
		{
			name: "an existing claim in use by this federation", objects: []runtime.Object{claim(unchanged), user("fellowship", corev1.PodRunning)},
			change: func(o *InitOptions) { o.ExistingClaim = "chronicle" },
		},
		{
			name: "a pod that has ended uses no claim", objects: []runtime.Object{claim(unchanged), user("archive", corev1.PodSucceeded)},
			change: func(o *InitOptions) { o.ExistingClaim = "chronicle" },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := options(tt.objects...)
			if tt.change != nil {
				tt.change(&o)
			}
			wantProblem(t, problem(t, o.storage), tt.want...)
		})
	}
}

func TestQuota(t *testing.T) {
	quota := func(hard, used corev1.ResourceList) *corev1.ResourceQuota {
		return &corev1.ResourceQuota{ObjectMeta: meta("frugal"), Status: corev1.ResourceQuotaStatus{Hard: hard, Used: used}}
	}
	amount := resource.MustParse
	tests := []struct {
		name   string
		quota  *corev1.ResourceQuota
		change func(*InitOptions)
		want   []string
	}{
		{name: "what is not limited is not missed", quota: quota(corev1.ResourceList{"limits.cpu": amount("1")}, nil)},
		{name: "room enough", quota: quota(corev1.ResourceList{"pods": amount("10")}, corev1.ResourceList{"pods": amount("5")})},
		{
			name:  "too little of two things",
			quota: quota(corev1.ResourceList{"pods": amount("4"), "requests.storage": amount("5Gi")}, corev1.ResourceList{"pods": amount("1")}),
			want:  []string{"pods: 3 left, about 4 needed", "requests.storage: 5Gi left, about 10Gi needed", `"frugal"`, "--federation-system-namespace"},
		},
		{
			name: "no load balancer may be made", quota: quota(corev1.ResourceList{"services.loadbalancers": amount("0")}, nil),
			want: []string{"services.loadbalancers"},
		},
		{
			name: "none is needed for a ClusterIP", quota: quota(corev1.ResourceList{"services.loadbalancers": amount("0")}, nil),
			change: func(o *InitOptions) { o.ServiceType = corev1.ServiceTypeClusterIP },
		},
		{
			name: "no claim is needed for an existing one", quota: quota(corev1.ResourceList{"persistentvolumeclaims": amount("0")}, nil),
			change: func(o *InitOptions) { o.ExistingClaim = "chronicle" },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := options(tt.quota)
			if tt.change != nil {
				tt.change(&o)
			}
			err := o.quota(t.Context())
			var p *Problem
			if errors.As(err, &p) && !p.Warning {
				t.Errorf("an estimate is a failure: %v", p)
			}
			wantProblem(t, problem(t, o.quota), tt.want...)
		})
	}
}

func TestSecrets(t *testing.T) {
	secret := func(kind corev1.SecretType, key string) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: meta("given"), Type: kind, Data: map[string][]byte{key: []byte("x")}}
	}
	dnsSecret := func(content, beside string) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: meta("given"), Data: map[string][]byte{DNSConfigKey: []byte(content), beside: []byte("x")}}
	}
	o := options
	tests := []struct {
		name  string
		check func(context.Context) error
		want  []string
	}{
		{name: "a pull secret that is there", check: with(o(secret(corev1.SecretTypeDockerConfigJson, "k")), "given", "").pullSecrets},
		{name: "a pull secret that is missing", check: with(o(), "given", "").pullSecrets, want: []string{`no Secret "given"`, "create secret docker-registry given"}},
		{name: "a pull secret of another type", check: with(o(secret(corev1.SecretTypeOpaque, "k")), "given", "").pullSecrets, want: []string{`of type "Opaque"`}},
		{name: "DNS configuration that is there", check: with(o(dnsSecret("[Global]\netcd-endpoints = https://a\nzones = example.com.\netcd-ca-file = ca.crt\n", "ca.crt")), "", "given").dnsSecret},
		{
			name: "DNS configuration that cannot work", check: with(o(dnsSecret("[Global]\nzones = example.org.\netcd-ca-file = ca.crt\n", "other.crt")), "", "given").dnsSecret,
			want: []string{`Secret "given", key "federation-dns-provider.conf": etcd-endpoints: is needed`, "zones: example.com. is missing", "etcd-ca-file: names a file"},
		},
		{name: "DNS configuration that is missing", check: with(o(), "", "given").dnsSecret, want: []string{`no Secret "given"`, "--dns-provider-config"}},
		{name: "DNS configuration under another key", check: with(o(secret(corev1.SecretTypeOpaque, "conf")), "", "given").dnsSecret, want: []string{"has no key", "add to it: ", "apply --server-side -f -; or give the file"}},
		{name: "no DNS configuration asked for", check: with(o(), "", "").dnsSecret},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantProblem(t, problem(t, tt.check), tt.want...) })
	}
	t.Run("every other Secret that is missing, or lacks a key, is named", func(t *testing.T) {
		o := options(secret(corev1.SecretTypeOpaque, "tls.crt"))
		o.GivenSecrets = []GivenSecret{
			{Name: "given", Value: "etcd.external.tlsSecret", Keys: []string{"ca.crt", "tls.crt", "tls.key"}},
			{Name: "users", Value: "apiServer.auth.basic.existingSecret", Keys: []string{"basicauth.csv"}},
		}
		wantProblem(t, problem(t, o.givenSecrets), `Secret "given" has no key ca.crt, tls.key; add to it: `, "--from-file=ca.crt=FILE --from-file=tls.key=FILE --dry-run=client -o yaml | kubectl", `there is no Secret "users"`, "--from-file=basicauth.csv=FILE; or change apiServer.auth.basic.existingSecret")
	})
	t.Run("a Secret may lack keys that are made for it", func(t *testing.T) {
		o := options(secret(corev1.SecretTypeOpaque, "ca.crt"))
		o.GivenSecrets = []GivenSecret{{Name: "given", Value: "pki.existingCASecret", Keys: []string{"ca.crt", "ca.key"}, Optional: true}}
		wantProblem(t, problem(t, o.givenSecrets))
	})
	t.Run("every missing pull secret is named", func(t *testing.T) {
		o := options()
		o.PullSecrets = []string{"one", "two"}
		wantProblem(t, problem(t, o.pullSecrets), `"one"`, `"two"`)
	})
}

func with(o InitOptions, pull, dns string) InitOptions {
	if pull != "" {
		o.PullSecrets = []string{pull}
	}
	o.DNSConfigSecret, o.DNSProvider, o.DNSZone = dns, "coredns", "example.com."
	return o
}
