package listwatch

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

const (
	// WatchTime is how long a watch lasts at least that the server does not end, and at most twice as long: one that has gone silent is not
	// trusted for ever.
	WatchTime = 5 * time.Minute
	// watchGrace is what a server may take on top of that, and to begin to answer.
	watchGrace = 30 * time.Second
	// longestEvent is more than an object can have.
	longestEvent = 32 << 20
)

// Failure is what a watch has instead of an object when it ends for a reason. What is read of objects of a watch embeds it.
type Failure struct {
	Code    int32               `json:"code"`
	Reason  metav1.StatusReason `json:"reason"`
	Message string              `json:"message"`
}

// Err is the failure as an error.
func (f *Failure) Err() error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: f.Code, Reason: f.Reason, Message: f.Message,
	}}
}

// watched is what is read of an object of a watch.
type watched[T any] interface {
	*T
	Err() error
}

// Watch hands on what happens after a version, until the watch ends, as each does, or the server says that it knows that version no more: then
// the error is an APIStatus. Kind is ADDED, MODIFIED, DELETED, or BOOKMARK for one that tells of a version alone. Opened is told how the request
// went, before anything is handed on; its context has ended if the server did not begin to answer.
func Watch[T any, P watched[T]](ctx context.Context, req *rest.Request, version string, opened func(context.Context, error), happened func(kind string, object P)) error {
	limit := WatchTime + rand.N(WatchTime) //nolint:gosec // spreads load, no secret
	ctx, cancel := context.WithTimeout(ctx, limit+watchGrace)
	defer cancel()
	silent := time.AfterFunc(watchGrace, cancel)
	defer silent.Stop()
	body, err := req.Param("watch", "true").Param("allowWatchBookmarks", "true").
		Param("timeoutSeconds", strconv.Itoa(int(limit.Seconds()))).Param("resourceVersion", version).MaxRetries(0).Stream(ctx)
	silent.Stop()
	opened(ctx, err)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	bounded := &boundedReader{Reader: body}
	for decoder := json.NewDecoder(bounded); ; {
		bounded.left = longestEvent
		var event struct {
			Type   string `json:"type"`
			Object T      `json:"object"`
		}
		if err := decoder.Decode(&event); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			}
			return err
		}
		object := P(&event.Object)
		if event.Type == "ERROR" {
			return object.Err()
		}
		happened(event.Type, object)
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
