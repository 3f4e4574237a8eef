package delivery

import (
	"context"
	"fmt"
	"time"

	"k8s.io/client-go/rest"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/listwatch"
)

const (
	pageOfObjects  = 500
	pageOfMetadata = 1000
)

// collection asks for the copies of a kind.
func (c *client) collection(l *lens, list bool) *rest.Request {
	accept := acceptObject
	switch {
	case l.whole():
	case list:
		accept = acceptMetadataList
	default:
		accept = acceptMetadata
	}
	return c.Member.Client.Get().AbsPath(l.kind.Path("", "")).SetHeader("Accept", accept).
		Param("labelSelector", fedv1beta1.LabelPropagatedBy+"="+c.Federation)
}

// anyCopy tells whether there is a copy of the kind at all. It is answered from the member's cache: for what was left behind, that is fresh
// enough.
func (c *client) anyCopy(ctx context.Context, l *lens) (bool, error) {
	req := c.collection(&lens{kind: l.kind}, true).SetHeader("Accept", acceptMetadataList).Param("resourceVersion", "0")
	found, _, err := listwatch.First[object](ctx, req, c.lists)
	return found, err
}

// version returns that of the copies of a kind at this moment.
func (c *client) version(ctx context.Context, l *lens) (string, error) {
	_, version, err := listwatch.First[object](ctx, c.collection(l, true).SetHeader("Accept", acceptMetadataList), c.lists)
	return version, err
}

// list hands on all copies of a kind, and returns the version that they are of.
func (c *client) list(ctx context.Context, l *lens, found func(*object)) (version string, err error) {
	limit := pageOfMetadata
	if l.whole() {
		limit = pageOfObjects
	}
	return listwatch.List(ctx, limit, func() *rest.Request { return c.collection(l, true) }, c.lists, found)
}

// everything hands on the metadata of all objects of a kind, whoever they are of.
func (c *client) everything(ctx context.Context, k kinds.Kind, found func(*object)) error {
	_, err := listwatch.List(ctx, pageOfMetadata, func() *rest.Request {
		return c.Member.Client.Get().AbsPath(k.Path("", "")).SetHeader("Accept", acceptMetadataList)
	}, c.lists, found)
	return err
}

// lists sends a request for a list.
func (c *client) lists(ctx context.Context, req *rest.Request) ([]byte, error) {
	return c.do(ctx, "list", req)
}

// errSilent is why a watch ends that the member does not begin to answer.
var errSilent = fmt.Errorf("no answer to a watch: %w", context.DeadlineExceeded)

// happening is an object of a watch.
type happening struct {
	object
	listwatch.Failure
}

// watch hands on what happens to the copies of a kind, until the watch ends, as each does, or the member says that it knows that version
// no more.
func (c *client) watch(ctx context.Context, l *lens, version string, happened func(kind string, o *object)) error {
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	silent := time.AfterFunc(c.Limits.RequestTimeout, cancel)
	began := c.Clock.Now()
	opened := func(_ context.Context, err error) {
		if !silent.Stop() && err != nil { // nobody has ended it but us
			err = errSilent
		}
		c.tell(ctx, "watch", 0, err, began)
	}
	return listwatch.Watch(watching, c.collection(l, false), version, opened,
		func(kind string, h *happening) { happened(kind, &h.object) })
}
