package secrets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Client reads and writes the Secrets of one namespace.
type Client interface {
	Get(ctx context.Context, name string, opts metav1.GetOptions) (*corev1.Secret, error)
	Create(ctx context.Context, s *corev1.Secret, opts metav1.CreateOptions) (*corev1.Secret, error)
	Update(ctx context.Context, s *corev1.Secret, opts metav1.UpdateOptions) (*corev1.Secret, error)
}

// Store writes the Secrets of one federation.
type Store struct {
	Client     Client
	Federation string
	Namespace  string
}

// Outcome is what Ensure did to a Secret.
type Outcome string

// The outcomes.
const (
	Kept    Outcome = "kept"
	Made    Outcome = "made"
	Changed Outcome = "renewed"
	Checked Outcome = "checked" // the user's own, only looked at
)

// maxAttempts bounds how often one Secret is lost to another writer; more than
// a few runs at once are a fault, not a race.
const maxAttempts = 20

// Get returns the Secret called Name(federation, which), or nil if there is none.
func (s Store) Get(ctx context.Context, which string) (*corev1.Secret, error) {
	return s.GetNamed(ctx, Name(s.Federation, which))
}

// GetNamed returns the Secret of that full name, or nil if there is none.
func (s Store) GetNamed(ctx context.Context, name string) (*corev1.Secret, error) {
	found, err := s.Client.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read secret %s/%s: %w", s.Namespace, name, err)
	}
	return found, nil
}

// Ensure brings the Secret into the state that change leaves it in, and returns
// it. change gets the Secret as it is, or an empty one that is not yet there
// (its ResourceVersion is ""), and may be called again when another writer was
// faster. A Secret of somebody else's is an error, and is not written to.
// Nothing is written when nothing changed.
func (s Store) Ensure(ctx context.Context, which string, change func(*corev1.Secret) error) (*corev1.Secret, Outcome, error) {
	name := Name(s.Federation, which)
	var err error
	for range maxAttempts {
		var (
			out     *corev1.Secret
			outcome Outcome
		)
		out, outcome, err = s.attempt(ctx, name, change)
		if !lost(err) {
			return out, outcome, err
		}
	}
	return nil, "", fmt.Errorf("secret %s/%s is changed by others all the time: %w", s.Namespace, name, err)
}

func (s Store) attempt(ctx context.Context, name string, change func(*corev1.Secret) error) (*corev1.Secret, Outcome, error) {
	current, err := s.GetNamed(ctx, name)
	if err != nil {
		return nil, "", err
	}
	if current == nil {
		current = &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: s.Namespace, Labels: Labels(s.Federation)},
			Type:       corev1.SecretTypeOpaque,
		}
	} else if err := Owned(current, s.Federation); err != nil {
		return nil, "", err
	}
	wanted := current.DeepCopy()
	if wanted.Data == nil {
		wanted.Data = map[string][]byte{}
	}
	if err := change(wanted); err != nil {
		return nil, "", err
	}
	if current.ResourceVersion == "" {
		created, err := s.Client.Create(ctx, wanted, metav1.CreateOptions{})
		if err != nil {
			return nil, "", fmt.Errorf("create secret %s/%s: %w", s.Namespace, name, err)
		}
		return created, Made, nil
	}
	if maps.Equal(current.Annotations, wanted.Annotations) && sameData(current.Data, wanted.Data) {
		return current, Kept, nil
	}
	updated, err := s.Client.Update(ctx, wanted, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) {
		return nil, "", fmt.Errorf("%w: %w", errGone, err)
	}
	if err != nil {
		return nil, "", fmt.Errorf("update secret %s/%s: %w", s.Namespace, name, err)
	}
	return updated, Changed, nil
}

// errGone is returned when a Secret went away between reading and writing it.
var errGone = errors.New("it was deleted meanwhile")

// lost reports whether another writer was faster.
func lost(err error) bool {
	return apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) || errors.Is(err, errGone)
}

func sameData(a, b map[string][]byte) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}
