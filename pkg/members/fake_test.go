package members

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/apimachinery/pkg/watch"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// fakeSecrets is a namespace's Secrets as an API server keeps them, as far as the registry can tell.
type fakeSecrets struct {
	mu       sync.Mutex
	secrets  map[string]*corev1.Secret
	version  int
	watchers []*fakeWatch
	refusal  error  // of everything
	before   func() // is called once, before a patch
	patched  int
}

type fakeWatch struct {
	*watch.RaceFreeFakeWatcher
	name string
}

func newFakeSecrets() *fakeSecrets { return &fakeSecrets{secrets: map[string]*corev1.Secret{}} }

func notFound(name string) error { return apierrors.NewNotFound(corev1.Resource("secrets"), name) }

// put creates or replaces.
func (f *fakeSecrets) put(s *corev1.Secret) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.write(s)
}

func (f *fakeSecrets) write(s *corev1.Secret) *corev1.Secret {
	f.version++
	s = s.DeepCopy()
	s.ResourceVersion = strconv.Itoa(f.version)
	kind := watch.Modified
	if f.secrets[s.Name] == nil {
		kind = watch.Added
	}
	f.secrets[s.Name] = s
	f.tell(kind, s)
	return s.DeepCopy()
}

func (f *fakeSecrets) tell(kind watch.EventType, s *corev1.Secret) {
	for _, w := range f.watchers {
		if w.name == s.Name && !w.IsStopped() {
			w.Action(kind, s.DeepCopy())
		}
	}
}

func (f *fakeSecrets) remove(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.secrets[name]
	delete(f.secrets, name)
	f.tell(watch.Deleted, s)
}

// refuse makes everything fail, and ends what is watched.
func (f *fakeSecrets) refuse(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refusal = err
	for _, w := range f.watchers {
		w.Stop()
	}
	f.watchers = nil
}

func (f *fakeSecrets) Get(_ context.Context, name string, _ metav1.GetOptions) (*corev1.Secret, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refusal != nil {
		return nil, f.refusal
	}
	s := f.secrets[name]
	if s == nil {
		return nil, notFound(name)
	}
	return s.DeepCopy(), nil
}

// List and Watch serve one name alone, as RBAC lets them.
func (f *fakeSecrets) List(_ context.Context, o metav1.ListOptions) (*corev1.SecretList, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refusal != nil {
		return nil, f.refusal
	}
	name, err := only(o)
	if err != nil {
		return nil, err
	}
	list := &corev1.SecretList{ListMeta: metav1.ListMeta{ResourceVersion: strconv.Itoa(f.version)}}
	if s := f.secrets[name]; s != nil {
		list.Items = append(list.Items, *s.DeepCopy())
	}
	return list, nil
}

func (f *fakeSecrets) Watch(_ context.Context, o metav1.ListOptions) (watch.Interface, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refusal != nil {
		return nil, f.refusal
	}
	name, err := only(o)
	if err != nil {
		return nil, err
	}
	w := &fakeWatch{RaceFreeFakeWatcher: watch.NewRaceFreeFake(), name: name}
	f.watchers = append(f.watchers, w)
	if s := f.secrets[name]; s != nil && newer(s.ResourceVersion, o.ResourceVersion) {
		w.Modify(s.DeepCopy())
	}
	return w, nil
}

func newer(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err == nil && order > 0
}

func only(o metav1.ListOptions) (string, error) {
	name, ok := strings.CutPrefix(o.FieldSelector, "metadata.name=")
	if !ok {
		return "", apierrors.NewForbidden(corev1.Resource("secrets"), "", fmt.Errorf("all names"))
	}
	return name, nil
}

func (f *fakeSecrets) Patch(_ context.Context, name string, _ types.PatchType, data []byte, _ metav1.PatchOptions, _ ...string) (*corev1.Secret, error) {
	if before := f.before; before != nil {
		f.before = nil
		before()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refusal != nil {
		return nil, f.refusal
	}
	var patch struct {
		Metadata struct{ ResourceVersion string }
		Data     map[string][]byte
	}
	if err := json.Unmarshal(data, &patch); err != nil {
		return nil, err
	}
	s := f.secrets[name]
	switch {
	case s == nil:
		return nil, notFound(name)
	case s.ResourceVersion != patch.Metadata.ResourceVersion:
		return nil, apierrors.NewConflict(corev1.Resource("secrets"), name, fmt.Errorf("it has changed"))
	}
	s = s.DeepCopy()
	for key, value := range patch.Data {
		s.Data[key] = value
	}
	f.patched++
	return f.write(s), nil
}

// jwt returns a token of that subject, signed by nobody.
func jwt(subject string, issued time.Time, life time.Duration) string {
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	claims := map[string]any{"sub": subject, "iat": issued.Unix()}
	if life > 0 {
		claims["exp"] = issued.Add(life).Unix()
	}
	return part(map[string]string{"alg": "none"}) + "." + part(claims) + ".signature"
}

const account = "system:serviceaccount:federation-system:fellowship-member"

// secretOf is what a member's Secret looks like.
func secretOf(t *testing.T, cluster, token string) *corev1.Secret {
	t.Helper()
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:   "fellowship." + cluster,
			Labels: map[string]string{fedv1beta1.LabelFederation: "fellowship", fedv1beta1.LabelCluster: cluster},
		},
		Data: map[string][]byte{TokenKey: []byte(token), CAKey: authority(t)},
	}
}
