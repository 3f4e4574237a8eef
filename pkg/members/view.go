package members

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// How long a Secret must be forbidden until that counts, after it could be read and before: an API server that has just started forbids
// everything until it has read its Roles, and one that was told of a Role may take a moment to heed it.
const (
	forbiddenGrace      = 15 * time.Second
	forbiddenFirstGrace = 3 * time.Second
)

// view is how a Secret was last seen.
type view struct {
	credential Credential
	version    string
	malformed  string // why there is no credential
	unlabelled bool
	seen       bool // the host cluster has answered what there is
	found      bool
	err        error     // the host cluster's last answer, if it was a refusal or none
	errSince   time.Time // since when it is of that kind
}

// saw returns the view of a Secret; nil is one that is not there.
func saw(secret *corev1.Secret, federation, cluster string) view {
	if secret == nil {
		return view{seen: true}
	}
	v := view{seen: true, found: true, version: secret.ResourceVersion}
	if secret.Labels[fedv1beta1.LabelFederation] != federation || secret.Labels[fedv1beta1.LabelCluster] != cluster {
		v.unlabelled = true
		return v
	}
	credential, err := ReadCredential(secret)
	if err != nil {
		v.malformed = err.Error()
	}
	v.credential = credential
	return v
}

// failed returns the view after the host cluster did not say what there is: what was known stays.
func (v view) failed(err error, now time.Time) view {
	if v.err == nil || apierrors.IsForbidden(v.err) != apierrors.IsForbidden(err) {
		v.errSince = now
	}
	v.err = err
	return v
}

// believedAt is when a refusal counts; zero if there is none.
func (v view) believedAt() time.Time {
	switch {
	case !apierrors.IsForbidden(v.err):
		return time.Time{}
	case v.seen:
		return v.errSince.Add(forbiddenGrace)
	default:
		return v.errSince.Add(forbiddenFirstGrace)
	}
}

// forbidden says whether the Secret may not be read.
func (v view) forbidden(now time.Time) bool {
	at := v.believedAt()
	return !at.IsZero() && !now.Before(at)
}

// state judges the Secret. Without a reference there is none.
func (v view) state(ref, federation, cluster string, now time.Time) CredentialState {
	s := CredentialState{SecretVersion: v.version}
	say := func(reason, format string, args ...any) CredentialState {
		s.Reason, s.Message = reason, fmt.Sprintf(format, args...)
		return s
	}
	switch {
	case ref == "":
		return say(fedv1beta1.ReasonSecretNotFound, "spec.secretRef names no Secret; run: fedhelm join %s", cluster)
	case v.forbidden(now):
		return CredentialState{
			Reason: fedv1beta1.ReasonSecretForbidden,
			Message: fmt.Sprintf("the controller manager may not read Secret %q in the host cluster: it needs a Role that allows get, list, watch, update and patch of it,"+
				" which fedhelm join makes, or the value controlPlane.controllerManager.memberSecrets.namespaceWide", ref),
		}
	case !v.seen && v.err != nil && !apierrors.IsForbidden(v.err):
		return notTried("the host cluster did not say what is in Secret %q: %s", ref, plainHostError(v.err))
	case !v.seen:
		return CredentialState{}
	case !v.found:
		return say(fedv1beta1.ReasonSecretNotFound, "the host cluster has no Secret %q; run: fedhelm join %s --refresh", ref, cluster)
	case v.unlabelled:
		return say(fedv1beta1.ReasonSecretNotLabelled, "Secret %q is not used, because it is not labelled for this Cluster: %s=%s and %s=%s must be among its labels",
			ref, fedv1beta1.LabelFederation, federation, fedv1beta1.LabelCluster, cluster)
	case v.malformed != "":
		return say(fedv1beta1.ReasonSecretMalformed, "Secret %q cannot be used: %s", ref, v.malformed)
	}
	what := "client certificate"
	if v.credential.Token != "" {
		what = "token"
	}
	s.Expires = v.credential.Expires()
	if !s.Expires.IsZero() && !now.Before(s.Expires) {
		return say(fedv1beta1.ReasonCredentialExpired, "the %s in Secret %q ended at %s; run: fedhelm join %s --refresh", what, ref, s.Expires.UTC().Format(time.RFC3339), cluster)
	}
	return say(fedv1beta1.ReasonCredentialValid, "%s", validMessage(what, s.Expires))
}

// plainHostError keeps the parts of an error that do not change from one try to the next.
func plainHostError(err error) string {
	if reason := apierrors.ReasonForError(err); reason != "" {
		return string(reason)
	}
	return "its API server did not answer"
}
