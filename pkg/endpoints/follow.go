package endpoints

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/listwatch"
	"github.com/fedhelm/fedhelm/pkg/members"
)

const (
	path = "/apis/discovery.k8s.io/v1/endpointslices"
	page = 500
	// longestAsk is how long a member may take for a page.
	longestAsk = 30 * time.Second
)

// How long a member is left alone whose endpoints cannot be followed.
const (
	firstRest     = 500 * time.Millisecond
	lastRest      = 5 * time.Second
	restForbidden = time.Minute // also of one that lists too much
)

// follower follows one member.
type follower struct {
	*Options
	member *members.Member
	table  *table
}

// run lists and watches until ctx ends.
func (f *follower) run(ctx context.Context) {
	rest := time.Duration(0)
	for ctx.Err() == nil {
		version, err := f.list(ctx)
		for err == nil && ctx.Err() == nil {
			rest = 0
			began := f.Clock.Now()
			version, err = f.watch(ctx, version)
			if f.Clock.Since(began) < listwatch.WatchTime {
				// It may have been restored from a back-up meanwhile: then a watch from a version that is yet to come would say nothing.
				break
			}
		}
		if ctx.Err() != nil {
			return
		}
		rest = min(max(firstRest, 2*rest), lastRest)
		switch {
		case apierrors.IsForbidden(err):
			if f.table.failed() {
				ctrl.LoggerFrom(ctx).Info("A member does not let its EndpointSlices be read; what has an address there counts as ready",
					"cluster", f.member.Name, "reason", err.Error())
				f.Changed(f.member.Name, types.NamespacedName{})
			}
			f.sleep(ctx, restForbidden)
		case errors.Is(err, listwatch.ErrTooMany):
			if f.table.distrust() {
				ctrl.LoggerFrom(ctx).Info("A member lists more EndpointSlices than it can have; what was known of it before counts",
					"cluster", f.member.Name, "reason", err.Error())
			}
			f.sleep(ctx, restForbidden)
		default:
			f.sleep(ctx, rest)
		}
	}
}

// list takes in all slices, and returns the version to watch from.
func (f *follower) list(ctx context.Context) (version string, err error) {
	f.table.begin()
	version, err = listwatch.List(ctx, page, f.ask, do, func(s *slice) { f.tell(f.table.saw(nameOf(s), s)) })
	if err != nil {
		return "", err
	}
	if f.table.excess() {
		ctrl.LoggerFrom(ctx).Info("A member has more EndpointSlices than are followed, or some that none can be; they count as if they were not there",
			"cluster", f.member.Name, "limit", mostSlices)
	}
	changed, knowledge := f.table.end()
	f.tell(changed)
	if knowledge {
		f.Changed(f.member.Name, types.NamespacedName{})
	}
	return version, nil
}

// watch takes in what happens, and returns the version that it has come to.
func (f *follower) watch(ctx context.Context, version string) (string, error) {
	err := listwatch.Watch(ctx, f.ask(), version, func(context.Context, error) {}, func(kind string, s *slice) {
		version = s.Metadata.ResourceVersion
		switch kind {
		case "ADDED", "MODIFIED":
			f.tell(f.table.saw(nameOf(s), s))
		case "DELETED":
			f.tell(f.table.saw(nameOf(s), nil))
		}
	})
	return version, err
}

func (f *follower) tell(changed []types.NamespacedName) {
	for _, service := range changed {
		f.Changed(f.member.Name, service)
	}
}

func (f *follower) ask() *rest.Request {
	return f.member.Client.Get().AbsPath(path).SetHeader("Accept", "application/json").
		Param("labelSelector", fedv1beta1.LabelPropagatedBy+"="+f.Federation)
}

func do(ctx context.Context, req *rest.Request) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, longestAsk)
	defer cancel()
	result := req.MaxRetries(0).Do(ctx)
	answer, _ := result.Raw()
	return answer, result.Error() // unlike that of Raw, in the member's own words
}

// sleep rests, give or take a fifth.
func (f *follower) sleep(ctx context.Context, d time.Duration) {
	timer := f.Clock.NewTimer(d - d/5 + rand.N(2*d/5+1)) //nolint:gosec // spreads load, no secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C():
	}
}

func nameOf(s *slice) types.NamespacedName {
	return types.NamespacedName{Namespace: s.Metadata.Namespace, Name: s.Metadata.Name}
}
