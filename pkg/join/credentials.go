package join

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/members"
)

// tokenLife is what is asked for; the member may give less.
const tokenLife = 720 * time.Hour

// store puts credentials for the member into the host cluster, and lets the controller manager read them.
func (r *joinRun) store(ctx context.Context) error {
	step := r.Progress.Start("Storing the credentials of " + r.Name)
	defer step.Fail()
	if r.keepsCredential(time.Now()) {
		if err := r.applyAccess(ctx); err != nil {
			return err
		}
		r.secretVersion = r.secret.ResourceVersion
		step.Donef("kept")
		return nil
	}
	token, err := r.token(ctx)
	if err != nil {
		return err
	}
	// With the name, because many servers have a certificate of the same authority, if that is a public one.
	data := map[string][]byte{members.TokenKey: token, members.CAKey: r.ca, members.TLSServerNameKey: []byte(r.serverName)}
	// The rights first, so that the Secret can be read as soon as it is there.
	if err := r.applyAccess(ctx); err != nil {
		return err
	}
	if err := r.applySecret(ctx, data); err != nil {
		return err
	}
	r.done.refreshed = true
	step.Done()
	return nil
}

// keepsCredential tells whether nothing speaks against what is stored already: the member is Ready with it, it verifies the member as
// it shall, and half of its life is left. One that does not say how long it lives was put there by hand, and is kept too.
func (r *joinRun) keepsCredential(now time.Time) bool {
	if r.Refresh || r.secret == nil || r.secret.Name != r.secretName || r.cluster == nil || !readyWith(r.cluster, r.secret.ResourceVersion) {
		return false
	}
	credential, err := members.ReadCredential(r.secret)
	if err != nil || !bytes.Equal(credential.CA, r.ca) || cmp.Or(credential.TLSServerName, hostname(r.endpoint.URL)) != r.serverName {
		return false
	}
	claims, err := members.ParseClaims(credential.Token)
	return err != nil || claims.HalfLife().IsZero() || now.Before(claims.HalfLife())
}

// readyWith tells whether the controller manager reaches the member with the Secret of that version, for all that the Cluster says.
func readyWith(c *fedv1beta1.Cluster, secretVersion string) bool {
	ready := meta.FindStatusCondition(c.Status.Conditions, fedv1beta1.ClusterReady)
	return ready != nil && ready.Status == metav1.ConditionTrue && ready.ObservedGeneration >= c.Generation &&
		c.Status.Credential != nil && c.Status.Credential.SecretVersion == secretVersion
}

// token asks the member for a token of the ServiceAccount that is the federation's there.
func (r *joinRun) token(ctx context.Context) ([]byte, error) {
	name := r.Federation.MemberRelease()
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To(int64(tokenLife.Seconds()))}}
	answer, err := r.Member.Client.CoreV1().ServiceAccounts(r.Federation.Namespace).CreateToken(ctx, name, request, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("ask the member for a token of ServiceAccount %q in namespace %q: %w", name, r.Federation.Namespace, err)
	}
	return []byte(answer.Status.Token), nil
}

// forget removes what held the credentials before, when they have moved to a Secret of another name: the member is Ready without it.
func (r *joinRun) forget(ctx context.Context) error {
	if r.secret == nil || r.secret.Name == r.secretName {
		return nil
	}
	if !labelledFor(r.secret, r.Federation.MemberLabels(r.Name)) {
		return nil // it never was ours
	}
	if err := removeHost(ctx, r.Host.Client, r.Federation.Namespace, r.secret.Name); err != nil {
		return fmt.Errorf("remove the credentials' former place: %w", err)
	}
	return nil
}

func labelledFor(secret *corev1.Secret, labels map[string]string) bool {
	for key, value := range labels {
		if secret.Labels[key] != value {
			return false
		}
	}
	return true
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
