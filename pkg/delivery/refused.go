package delivery

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

const secretsID kinds.ID = "secrets"

// refused says what becomes of an apply that the member did not take.
func (j *job) refused(ctx context.Context, r *record, body []byte, hash string, err error) verdict {
	switch {
	case isUnknownField(err):
		return j.prune(ctx, r, body, hash, err)
	case isImmutable(err) && j.mayRecreate(r):
		return j.recreate(ctx, r, "it is made anew, since a field cannot be changed: "+j.words(err))
	case isImmutable(err):
		return verdict{state: Immutable, message: j.words(err), failed: true, final: true}
	case isMissingNamespace(err):
		return j.namespaceIsMissing()
	case isTerminating(err):
		return verdict{state: Pending, message: say("namespace %q is being deleted in the member", j.n.namespace), failed: true}
	default:
		return j.failed(err)
	}
}

// prune applies what is left of a body without the fields that the member does not know.
func (j *job) prune(ctx context.Context, r *record, body []byte, hash string, unknown error) verdict {
	pruned, paths, err := j.client.prune(ctx, j.kind, body)
	if err != nil || len(paths) == 0 {
		v := j.failed(unknown)
		if err != nil {
			v.message = say("%s; what else it does not know could not be found out: %v", v.message, err)
		}
		return v
	}
	m, err := j.client.apply(ctx, j.kind, j.n.namespace, j.n.name, pruned)
	switch {
	case isUnknownField(err): // its schema says something else than it does
		return j.failed(err)
	case err != nil && isAnother(err):
		return verdict{state: Pending, again: time.Millisecond}
	case err != nil:
		return j.refused(ctx, r, pruned, hash, err)
	}
	return j.applied(m, hash, paths)
}

// mayRecreate tells whether the copy may be deleted to be made anew. What holds other objects never is.
func (j *job) mayRecreate(r *record) bool {
	return r.there && r.ours && j.kind.ID() != namespacesID && j.kind.ID() != kinds.CRD &&
		(j.wish.Recreate || r.source != j.wish.Source)
}

// failed is the verdict after a request that failed.
func (j *job) failed(err error) verdict {
	v := verdict{message: j.words(err), failed: true, hash: j.attempt().hash}
	var status apierrors.APIStatus
	switch {
	case !errors.As(err, &status):
		v.state = Unreachable
		if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, errNoObject) {
			v.failed, v.again = false, time.Second // that is no fault of the object: the gate knows when it is worthwhile
		}
	case apierrors.IsTooManyRequests(err):
		v.state, v.failed, v.again = Throttled, false, time.Second
	case apierrors.IsServiceUnavailable(err), apierrors.IsServerTimeout(err), apierrors.IsTimeout(err), apierrors.IsUnauthorized(err), isStray(err):
		v.state = Unreachable
	case isUnserved(err):
		v.state, v.message = NotServed, say("the member does not serve %s", j.kind.ID())
	case isRefusedByRBAC(err):
		v.state, v.message = Forbidden, j.mayNot("change", j.words(err))
	default:
		v.state = Rejected
	}
	return v
}

// words are the member's, but nothing of a Secret's content.
func (j *job) words(err error) string {
	if j.kind.ID() == secretsID {
		return discreet(err)
	}
	return plain(err)
}

// mayNot says that a right is missing, and what gives it.
func (j *job) mayNot(verb, problem string) string {
	return say("the federation may not %s %s in the member; run: fedhelm join %s --refresh (%s)", verb, j.kind.ID(), j.Member.Name, problem)
}
