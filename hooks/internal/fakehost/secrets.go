// Package fakehost is a host cluster for the tests of hooks: it keeps Secrets
// and other objects as an API server does, and fails when told to.
package fakehost

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// ErrInjected is what a call fails with that was told to.
var ErrInjected = errors.New("injected failure")

// Secrets are the Secrets of one namespace. The zero value is empty.
type Secrets struct {
	// FailWrite is the number of the write that fails, counting from 1; it is
	// done all the same when Late is set, as when only the answer is lost.
	FailWrite int
	Late      bool
	// Writes counts the writes that were tried, failed ones included.
	Writes int

	mu       sync.Mutex
	objects  map[string]*corev1.Secret
	revision int
}

var resource = schema.GroupResource{Resource: "secrets"}

// Get returns a copy.
func (f *Secrets) Get(ctx context.Context, name string, _ metav1.GetOptions) (*corev1.Secret, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s, ok := f.objects[name]
	if !ok {
		return nil, apierrors.NewNotFound(resource, name)
	}
	return s.DeepCopy(), nil
}

// Create fails when there is one of that name.
func (f *Secrets) Create(_ context.Context, s *corev1.Secret, _ metav1.CreateOptions) (*corev1.Secret, error) {
	return f.write(func() (*corev1.Secret, error) {
		if _, ok := f.objects[s.Name]; ok {
			return nil, apierrors.NewAlreadyExists(resource, s.Name)
		}
		return f.put(s), nil
	})
}

// Update fails unless the caller has read the newest version.
func (f *Secrets) Update(_ context.Context, s *corev1.Secret, _ metav1.UpdateOptions) (*corev1.Secret, error) {
	return f.write(func() (*corev1.Secret, error) {
		old, ok := f.objects[s.Name]
		if !ok {
			return nil, apierrors.NewNotFound(resource, s.Name)
		}
		if old.ResourceVersion != s.ResourceVersion {
			return nil, apierrors.NewConflict(resource, s.Name, errors.New("changed meanwhile"))
		}
		return f.put(s), nil
	})
}

// Delete honours the preconditions.
func (f *Secrets) Delete(_ context.Context, name string, o metav1.DeleteOptions) error {
	_, err := f.write(func() (*corev1.Secret, error) {
		old, ok := f.objects[name]
		if !ok {
			return nil, apierrors.NewNotFound(resource, name)
		}
		if p := o.Preconditions; p != nil && (*p.UID != old.UID || *p.ResourceVersion != old.ResourceVersion) {
			return nil, apierrors.NewConflict(resource, name, errors.New("another one now"))
		}
		delete(f.objects, name)
		return nil, nil
	})
	return err
}

// Put places a Secret as if by another hand; it never fails.
func (f *Secrets) Put(s *corev1.Secret) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.put(s)
}

// Remove deletes a Secret as if by another hand.
func (f *Secrets) Remove(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.objects, name)
}

// All returns copies of all Secrets by name.
func (f *Secrets) All() map[string]*corev1.Secret {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := maps.Clone(f.objects)
	for name, s := range all {
		all[name] = s.DeepCopy()
	}
	return all
}

func (f *Secrets) write(do func() (*corev1.Secret, error)) (*corev1.Secret, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Writes++
	fail := f.Writes == f.FailWrite
	if fail && !f.Late {
		return nil, ErrInjected
	}
	s, err := do()
	if fail {
		return nil, ErrInjected
	}
	return s, err
}

func (f *Secrets) put(s *corev1.Secret) *corev1.Secret {
	if f.objects == nil {
		f.objects = map[string]*corev1.Secret{}
	}
	f.revision++
	kept := s.DeepCopy()
	kept.ResourceVersion = strconv.Itoa(f.revision)
	if old, ok := f.objects[s.Name]; ok {
		kept.UID = old.UID
	} else {
		kept.UID = types.UID("uid-" + kept.ResourceVersion)
	}
	f.objects[s.Name] = kept
	return kept.DeepCopy()
}
