package join

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/release"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

// Previewed is what Join would write.
type Previewed struct {
	Manifests string // YAML; each part begins with a comment that says where it goes
	Secret    string // whose content is left out
}

// Preview makes the checks of Join, and gives the objects that it would make. Nothing is written, and no token is made.
func Preview(ctx context.Context, o JoinOptions) (Previewed, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, setup.ErrTimedOut)
	defer cancel()
	r := &joinRun{JoinOptions: o}
	if err := r.check(ctx); err != nil {
		return Previewed{}, r.inTime(ctx, err)
	}
	if err := r.look(ctx); err != nil {
		return Previewed{}, r.inTime(ctx, err)
	}
	var b strings.Builder
	if err := r.previewMember(ctx, &b); err != nil {
		return Previewed{}, r.inTime(ctx, err)
	}
	host := "host cluster " + r.Host.Context
	secret := r.secretFor(nil)
	secret.Data = nil
	for _, part := range []struct {
		where  string
		object any
	}{
		{host + "; the content (keys token, ca.crt, tls-server-name) is withheld here", secret},
		{host, r.roleFor()},
		{host, r.bindingFor()},
		{"federation API of " + r.Federation.Name, registration(r)},
	} {
		if err := manifest(&b, part.where, part.object); err != nil {
			return Previewed{}, err
		}
	}
	return Previewed{Manifests: b.String(), Secret: r.secretName}, nil
}

// registration is the Cluster without the status, which is not ours to say.
func registration(r *joinRun) any {
	c := r.wantedCluster()
	return struct {
		metav1.TypeMeta `json:",inline"`
		Metadata        any `json:"metadata"`
		Spec            any `json:"spec"`
	}{c.TypeMeta, struct {
		Name        string            `json:"name"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	}{c.Name, c.Labels, c.Annotations}, c.Spec}
}

// previewMember prints what the member gets, unless another tool has put it there.
func (r *joinRun) previewMember(ctx context.Context, b *strings.Builder) error {
	if r.release == nil && r.account != nil {
		return nil
	}
	member := "member cluster " + r.Member.Context
	if !r.namespace {
		namespace := corev1.Namespace{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
			ObjectMeta: metav1.ObjectMeta{Name: r.Federation.Namespace, Labels: map[string]string{federation.LabelManagedBy: federation.ManagedBy}},
		}
		if err := manifest(b, member, namespace); err != nil {
			return err
		}
	}
	values, err := r.memberValues(ctx, r.Name)
	if err != nil {
		return err
	}
	rendered, err := release.Render(r.Federation.MemberRelease(), r.Federation.Namespace, r.Chart, values)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "# %s, as Helm release %s:\n%s", member, r.Federation.MemberRelease(), rendered)
	return nil
}

func manifest(b *strings.Builder, where string, object any) error {
	data, err := yaml.Marshal(object)
	if err != nil {
		return fmt.Errorf("print an object: %w", err)
	}
	fmt.Fprintf(b, "---\n# %s\n%s", where, data)
	return nil
}
