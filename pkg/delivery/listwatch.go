package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

const (
	pageOfObjects  = 500
	pageOfMetadata = 1000
	// A watch ends after between one and two times this long, so that one which has gone silent is not trusted for ever.
	watchTime = 5 * time.Minute
	// What a server may take on top of that, and to begin to answer.
	watchGrace = 30 * time.Second
	// longestEvent is more than an object can have.
	longestEvent = 32 << 20
)

type objectList struct {
	metav1.ListMeta `json:"metadata"`
	Items           []object `json:"items"`
}

// event is one of a watch. What happened is an object, or a Status that says why the watch ends.
type event struct {
	Type   string `json:"type"`
	Object struct {
		object
		Code    int32               `json:"code"`
		Reason  metav1.StatusReason `json:"reason"`
		Message string              `json:"message"`
	} `json:"object"`
}

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
	req := c.collection(&lens{kind: l.kind}, true).SetHeader("Accept", acceptMetadataList).Param("limit", "1").Param("resourceVersion", "0")
	list, err := c.page(ctx, req)
	if err != nil {
		return false, err
	}
	return len(list.Items) > 0, nil
}

// version returns that of the copies of a kind at this moment.
func (c *client) version(ctx context.Context, l *lens) (string, error) {
	list, err := c.page(ctx, c.collection(l, true).SetHeader("Accept", acceptMetadataList).Param("limit", "1"))
	if err != nil {
		return "", err
	}
	return list.ResourceVersion, nil
}

// list hands on all copies of a kind, and returns the version that they are of.
func (c *client) list(ctx context.Context, l *lens, found func(*object)) (version string, err error) {
	limit := pageOfMetadata
	if l.whole() {
		limit = pageOfObjects
	}
	return c.pages(ctx, limit, func() *rest.Request { return c.collection(l, true) }, found)
}

// everything hands on the metadata of all objects of a kind, whoever they are of.
func (c *client) everything(ctx context.Context, k kinds.Kind, found func(*object)) error {
	_, err := c.pages(ctx, pageOfMetadata, func() *rest.Request {
		return c.Member.Client.Get().AbsPath(k.Path("", "")).SetHeader("Accept", acceptMetadataList)
	}, found)
	return err
}

// pages asks for a list page by page.
func (c *client) pages(ctx context.Context, limit int, ask func() *rest.Request, found func(*object)) (version string, err error) {
	for next := ""; ; {
		req := ask().Param("limit", strconv.Itoa(limit))
		if next != "" {
			req.Param("continue", next)
		}
		list, err := c.page(ctx, req)
		if err != nil {
			return "", err
		}
		for i := range list.Items {
			found(&list.Items[i])
		}
		if next = list.Continue; next == "" {
			return list.ResourceVersion, nil
		}
	}
}

func (c *client) page(ctx context.Context, req *rest.Request) (*objectList, error) {
	answer, err := c.do(ctx, "list", req)
	if err != nil {
		return nil, err
	}
	list := &objectList{}
	if err := json.Unmarshal(answer, list); err != nil {
		return nil, fmt.Errorf("the member's answer is no list: %w", err)
	}
	return list, nil
}

// watch hands on what happens to the copies of a kind, until the watch ends, as each does, or the member says that it knows that version
// no more.
func (c *client) watch(ctx context.Context, l *lens, version string, happened func(kind string, o *object)) error {
	limit := watchTime + rand.N(watchTime) //nolint:gosec // spreads load, no secret
	ctx, cancel := context.WithTimeout(ctx, limit+watchGrace)
	defer cancel()
	silent := time.AfterFunc(watchGrace, cancel)
	defer silent.Stop()
	began := c.Clock.Now()
	body, err := c.collection(l, false).Param("watch", "true").Param("allowWatchBookmarks", "true").
		Param("timeoutSeconds", strconv.Itoa(int(limit.Seconds()))).Param("resourceVersion", version).MaxRetries(0).Stream(ctx)
	silent.Stop()
	c.tell(ctx, "watch", 0, err, began)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	bounded := &boundedReader{Reader: body}
	for decoder := json.NewDecoder(bounded); ; {
		bounded.left = longestEvent
		var e event
		if err := decoder.Decode(&e); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			}
			return err
		}
		if e.Type == "ERROR" {
			return &apierrors.StatusError{ErrStatus: metav1.Status{
				Status: metav1.StatusFailure, Code: e.Object.Code, Reason: e.Object.Reason, Message: e.Object.Message,
			}}
		}
		happened(e.Type, &e.Object.object)
	}
}

// boundedReader ends when more is read than is left.
type boundedReader struct {
	io.Reader
	left int
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("an event of a watch is too long")
	}
	n, err := b.Reader.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
