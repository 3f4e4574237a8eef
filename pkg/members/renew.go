package members

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
)

// renewTimeout is for one try: the member's answer, and the host's.
const renewTimeout = 30 * time.Second

// fieldOwner is under what name the Secret is written.
const fieldOwner = "federation-controller-manager"

// renewWhenDue begins to renew the token if it is time for that, and returns when it will be otherwise.
func (e *entry) renewWhenDue(m *Member, c Credential, r renewal, now time.Time) time.Time {
	due := r.due(c, now)
	if m == nil || r.underWay || due.IsZero() {
		return time.Time{}
	}
	if now.Before(due) {
		return due
	}
	e.setRenewal(func(r *renewal) { r.underWay, r.last = true, now })
	secret := e.followed
	begun := m.Go(func(ctx context.Context) {
		tryCtx, cancel := context.WithTimeout(ctx, renewTimeout)
		defer cancel()
		err := e.registry.renew(silent(tryCtx), m.Client, secret, c)
		if ctx.Err() != nil {
			err = nil // the member leaves, or has another credential: that is no failure
		}
		e.renewed(ctx, c, err)
	})
	if !begun {
		e.setRenewal(func(r *renewal) { r.underWay = false })
	}
	return time.Time{} // renewed wakes the entry
}

// renewed notes what came of a try. The new token itself comes with the Secret.
func (e *entry) renewed(ctx context.Context, old Credential, err error) {
	log := ctrl.LoggerFrom(ctx)
	if err != nil {
		log.Info("A member's token could not be renewed", "reason", err.Error())
	} else if ctx.Err() == nil {
		log.Info("A member's token was renewed")
	}
	e.setRenewal(func(r *renewal) {
		r.underWay = false
		if err == nil {
			r.token, r.failures, r.failed = "", 0, ""
			return
		}
		if r.token != old.Token {
			r.failures = 0
		}
		r.token, r.failed = old.Token, err.Error()
		r.failures++
	})
	e.poke()
}

func (e *entry) setRenewal(change func(*renewal)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(&e.renewal)
}

// renew asks the member for a new token, by the old one, and stores it.
func (r *Registry) renew(ctx context.Context, member rest.Interface, secret string, old Credential) error {
	claims, err := ParseClaims(old.Token)
	if err != nil {
		return err
	}
	token, err := requestToken(ctx, member, claims, r.o.TokenLifetime)
	if err != nil {
		return err
	}
	if !replaces(token, claims, r.o.Clock.Now()) {
		return errors.New("the member's answer has no token of that ServiceAccount that could be used")
	}
	return r.store(ctx, secret, old, token)
}

// longestToken is more than any API server's token has, and little enough for a Secret.
const longestToken = 64 << 10

// replaces tells whether a token can take the place of the one with these claims. Once stored there is no way back to that.
func replaces(token string, old Claims, now time.Time) bool {
	claims, err := ParseClaims(token)
	return err == nil && len(token) <= longestToken && (Credential{Token: token}).check() == nil &&
		claims.Subject == old.Subject && (claims.Expires.IsZero() || claims.Expires.After(now))
}

// requestToken asks for a token of the ServiceAccount that claims are of. The server may give one of a shorter life.
func requestToken(ctx context.Context, member rest.Interface, claims Claims, lifetime time.Duration) (string, error) {
	namespace, name, _ := claims.ServiceAccount()
	seconds := int64(lifetime.Seconds())
	body, err := json.Marshal(&authenticationv1.TokenRequest{
		TypeMeta: metav1.TypeMeta{APIVersion: authenticationv1.SchemeGroupVersion.String(), Kind: "TokenRequest"},
		Spec:     authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds},
	})
	if err != nil {
		return "", fmt.Errorf("encode a TokenRequest: %w", err)
	}
	var answer authenticationv1.TokenRequest
	err = member.Post().AbsPath("/api/v1/namespaces", namespace, "serviceaccounts", name, "token").
		SetHeader("Content-Type", "application/json").Body(body).Do(ctx).Into(&answer)
	switch {
	case err != nil:
		return "", fmt.Errorf("ask the member for a token of ServiceAccount %s/%s: %s", namespace, name, explainRenewal(err))
	case answer.Status.Token == "":
		return "", fmt.Errorf("ask the member for a token of ServiceAccount %s/%s: its answer has none", namespace, name)
	}
	return answer.Status.Token, nil
}

// explainRenewal says what is wrong in words that do not change from try to try.
func explainRenewal(err error) string {
	switch {
	case apierrors.IsUnauthorized(err):
		return "the member does not accept the token it gave (401)"
	case apierrors.IsForbidden(err):
		return "the credential may not create serviceaccounts/token (403), for which the member's release has a Role"
	case apierrors.IsNotFound(err):
		return "the member has no such ServiceAccount"
	case errors.Is(err, context.DeadlineExceeded):
		return "the member did not answer in time"
	case apierrors.ReasonForError(err) != "":
		return string(apierrors.ReasonForError(err))
	default:
		return "the member did not answer"
	}
}

// store puts the token into the Secret if that still holds the old one: whatever somebody else put there is left alone.
func (r *Registry) store(ctx context.Context, name string, old Credential, token string) error {
	for {
		secret, err := r.o.Secrets.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("store the new token: Secret %q cannot be read in the host cluster: %s", name, plainHostError(err))
		}
		if now, err := ReadCredential(secret); err != nil || now.Token != old.Token {
			return nil //nolint:nilerr // it was replaced: with what, is told by whoever follows it
		}
		patch, err := tokenPatch(secret, token)
		if err != nil {
			return fmt.Errorf("store the new token in Secret %q: %w", name, err)
		}
		_, err = r.o.Secrets.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldOwner})
		if !apierrors.IsConflict(err) {
			if err != nil {
				return fmt.Errorf("store the new token: Secret %q cannot be written in the host cluster: %s", name, plainHostError(err))
			}
			return nil
		}
	}
}

// tokenPatch changes the token, and nothing else, of a Secret that is still the one that was read.
func tokenPatch(secret *corev1.Secret, token string) ([]byte, error) {
	key, value := TokenKey, []byte(token)
	if config, ok := secret.Data[KubeconfigKey]; ok {
		changed, err := withToken(config, token)
		if err != nil {
			return nil, err
		}
		key, value = KubeconfigKey, changed
	}
	return json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": secret.ResourceVersion, "uid": secret.UID},
		"data":     map[string][]byte{key: value},
	})
}
