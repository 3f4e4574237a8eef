package secrets

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// Labels that say whose a Secret is, and their values.
const (
	LabelInstance  = "app.kubernetes.io/instance"
	LabelManagedBy = "app.kubernetes.io/managed-by"

	ManagedByHook = "federation-hook"
	ManagedByCLI  = "fedhelm"
)

// Labels returns what a hook puts on every Secret that it makes for federation.
func Labels(federation string) map[string]string {
	return map[string]string{
		LabelInstance:                 federation,
		LabelManagedBy:                ManagedByHook,
		"app.kubernetes.io/name":      "federation-control-plane",
		"app.kubernetes.io/part-of":   "federation",
		"app.kubernetes.io/component": "pki",
	}
}

// IsOwned reports whether a hook of this federation made the Secret.
func IsOwned(s *corev1.Secret, federation string) bool { return Owned(s, federation) == nil }

// Owned returns nil when a hook of this federation made the Secret, and may
// therefore write to it; else an error that says whose it is and what to do.
func Owned(s *corev1.Secret, federation string) error {
	by, of := s.Labels[LabelManagedBy], s.Labels[LabelInstance]
	switch {
	case by != ManagedByHook:
		return fmt.Errorf("secret %s/%s was not made by this hook (label %s is %q, not %q), so it is left alone; "+
			"delete or rename it, or install with certificates of your own (controlPlane.pki.create=false)",
			s.Namespace, s.Name, LabelManagedBy, by, ManagedByHook)
	case of != federation:
		return fmt.Errorf("secret %s/%s belongs to federation %q; give federation %q another name or another namespace",
			s.Namespace, s.Name, of, federation)
	}
	return nil
}
