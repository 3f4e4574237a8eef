package delivery

import (
	"context"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery/internal/fieldset"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

const (
	jobsID       = "jobs.batch"
	namespacesID = "namespaces"
)

// lookAgain is when an object that is in the way is looked at again: nothing tells when it goes.
const lookAgain = 5 * time.Minute

// until says so to who removes such an object.
const until = "it is looked at again every 5 minutes, and when the source changes"

// present makes the copy what is wished.
func (j *job) present(ctx context.Context, r *record, wished string) verdict {
	share, hash := j.share(r), wished
	if share != j.wish.Share {
		hash = j.wish.Template.Hash(share)
	}
	v := j.bring(ctx, r, share, hash)
	v.hash = wished
	return v
}

// share is that of the wish, but for what is left to somebody who scales the copy.
func (j *job) share(r *record) shape.Share {
	s := j.wish.Share
	if !j.wish.Unscaled && (r.scaler == autoscaler || j.wish.Scaled && r.scaler == somebody) {
		s.Replicas = nil
	}
	return s
}

func (j *job) bring(ctx context.Context, r *record, share shape.Share, hash string) verdict {
	switch {
	case j.Reserved != "" && j.n.namespace == j.Reserved:
		return verdict{state: Rejected, message: say("nothing is put into namespace %q, which is the federation's own in the member", j.Reserved), failed: true, final: true}
	case r.there && r.terminating:
		return verdict{state: Terminating, message: "it is being deleted in the member, and is made again after that"}
	case r.inOrder(hash, j.wish.Source), r.sameSource(hash, j.wish.Source) && r.settled == 0 && j.covered(r, share, hash):
		return j.inOrder(r, hash)
	case !r.there && j.wish.Done:
		return verdict{state: Finished}
	case r.there && j.kind.ID() == jobsID && r.ours && r.source != j.wish.Source:
		return j.recreate(ctx, r, "it is made anew, since its source was")
	}
	if wait := j.patience(r, hash); wait > 0 {
		return j.contested(r, verdict{state: Pending, message: "somebody changes it in the member; it is put back soon", again: wait})
	}
	if wait, there := j.awaitNamespace(); !there {
		return wait
	}
	if j.wish.Template.Size() > largeBody {
		if !j.large.take(j.key, j.priority) {
			return verdict{state: Pending}
		}
		defer j.nextLarge()
	}
	return j.put(ctx, r, share, hash)
}

// covered tells that all fields of the wish are ours in the member, of which nothing was known before; then they are all that can be had.
func (j *job) covered(r *record, share shape.Share, hash string) bool {
	ok, err := fieldset.Covers([]byte(r.fields), j.wish.Template.Body(share, shape.Precondition{UID: r.uid}))
	if err != nil || !ok {
		return false
	}
	j.t.amend(j.n, func(now *record) {
		if now.version == r.version {
			now.settle(hash, j.wish.Source)
		}
	})
	return true
}

// inOrder is the verdict of a copy that is as wished.
func (j *job) inOrder(r *record, hash string) verdict {
	v := verdict{state: Synced}
	if r.note != nil && r.applied == hash {
		v.pruned = r.note.pruned
		v.message = unknownFields(v.pruned)
	}
	return j.contested(r, v)
}

func unknownFields(paths []string) string {
	if len(paths) == 0 {
		return ""
	}
	return say("the member does not know: %s", strings.Join(paths, ", "))
}

// put applies what is wished: to the object that was seen, or where there was none. Is another there, it looks whose that is.
func (j *job) put(ctx context.Context, r *record, share shape.Share, hash string) verdict {
	j.t.amend(j.n, func(now *record) { // while it is under way, nobody shall take it for gone
		if now.state == Gone || now.state == Kept {
			now.state = Pending
		}
	})
	uid := r.uid
	var last error
	for range 3 {
		body := j.wish.Template.Body(share, shape.Precondition{UID: uid})
		j.seekRivals(ctx, r, body)
		m, err := j.client.apply(ctx, j.kind, j.n.namespace, j.n.name, body)
		if err == nil {
			return j.applied(m, hash, nil)
		}
		if !isAnother(err) {
			return j.refused(ctx, r, body, hash, err)
		}
		last = err
		m, err = j.client.metadata(ctx, j.kind, j.n.namespace, j.n.name)
		switch {
		case isMissing(err):
			j.lost(uid)
			uid = ""
			continue
		case err != nil:
			return j.failed(err)
		}
		s := j.t.metadata(&m.ObjectMeta)
		if v, mine := j.mine(m, &s); !mine {
			return v
		}
		j.took(s)
		if s.terminating {
			return verdict{state: Terminating, message: "it is being deleted in the member, and is made again after that", again: time.Minute}
		}
		*r = record{sight: s, there: true, note: r.note}
		uid = s.uid
	}
	return verdict{state: Pending, message: say("it changes all the time in the member; %s", j.words(last)), failed: true}
}

// mine tells whether an object may be changed that is there under the name; if not, what that comes to.
func (j *job) mine(m *metav1.PartialObjectMetadata, s *sight) (verdict, bool) {
	other := m.Labels[fedv1beta1.LabelPropagatedBy]
	switch {
	case s.labelled: // ours, or of a federation of our name that was lost
		return verdict{}, true
	case j.kind.ID() == namespacesID:
		return verdict{state: Used, again: lookAgain}, false
	case other != "":
		return verdict{state: Conflict, message: say("the object in the member is of federation %q; %s", other, until), again: lookAgain}, false
	case j.wish.Adopt:
		return verdict{}, true
	default:
		return verdict{
			state: Conflict, again: lookAgain,
			message: say("the member has an object of that name, which is left alone; to take it over, annotate the source %s=true; or remove it: %s", fedv1beta1.AnnotationAdopt, until),
		}, false
	}
}

// applied takes in that the member has what is wished, but for what was pruned.
func (j *job) applied(m *metav1.PartialObjectMetadata, hash string, pruned []string) verdict {
	s := j.t.metadata(&m.ObjectMeta)
	j.took(s)
	j.t.amend(j.n, func(now *record) {
		if now.there && now.uid == s.uid && now.hash == hash {
			now.settled, now.applied = s.digest, hash
			if now.digest == now.settled {
				now.settle(hash, j.wish.Source)
			}
		}
	})
	v := verdict{state: Synced, pruned: pruned, message: unknownFields(pruned)}
	after := j.t.look(j.n)
	if j.corrects {
		j.corrected = true
		j.Metrics.drift.WithLabelValues(j.Member.Name).Inc()
		after.remember().count(j)
	}
	return j.contested(&after, v)
}

// recreate deletes the copy, so that it can be made anew when it is gone.
func (j *job) recreate(ctx context.Context, r *record, why string) verdict {
	j.forgets = true
	return j.remove(ctx, r, why)
}

// remove deletes the object that was seen, as it was seen: somebody may have taken it over since, and the watch not have told yet.
func (j *job) remove(ctx context.Context, r *record, why string) verdict {
	version := r.version
	for range 3 {
		err := j.client.remove(ctx, j.kind, j.n.namespace, j.n.name, r.uid, version)
		if err == nil {
			return verdict{state: Terminating, message: why, again: time.Minute}
		}
		var m *metav1.PartialObjectMetadata
		if apierrors.IsConflict(err) {
			m, err = j.client.metadata(ctx, j.kind, j.n.namespace, j.n.name)
		}
		switch {
		case isMissing(err):
			j.lost(r.uid)
			return verdict{state: Terminating, message: why, again: time.Millisecond}
		case err != nil:
			return j.failed(err)
		}
		s := j.t.metadata(&m.ObjectMeta)
		if s.uid != r.uid || !s.ours { // the watch will tell
			break
		}
		version = s.version
	}
	return verdict{state: Terminating, message: why, again: time.Second}
}
