package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/delivery/internal/pods"
	"github.com/fedhelm/fedhelm/pkg/delivery/internal/prune"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// fieldManager owns what we apply.
const fieldManager = "fedhelm-propagation"

const (
	acceptMetadata     = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
	acceptMetadataList = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
	acceptObject       = "application/json"
)

// client asks a member for one thing at a time, and tells the gate how it went.
type client struct {
	*Options
	gate *gate
}

// apply applies a body, by force, and returns the metadata of what is there then.
func (c *client) apply(ctx context.Context, k kinds.Kind, namespace, name string, body []byte) (*metav1.PartialObjectMetadata, error) {
	began := c.Clock.Now()
	req := c.Member.Client.Patch(types.ApplyPatchType).AbsPath(k.Path(namespace, name)).
		Param("fieldManager", fieldManager).Param("force", "true").SetHeader("Accept", acceptMetadata).Body(body)
	answer, err := c.do(ctx, "apply", req)
	c.Metrics.duration.WithLabelValues(c.Member.Name).Observe(c.Clock.Since(began).Seconds())
	return metadataOf(answer, err)
}

// metadata returns the metadata of an object.
func (c *client) metadata(ctx context.Context, k kinds.Kind, namespace, name string) (*metav1.PartialObjectMetadata, error) {
	req := c.Member.Client.Get().AbsPath(k.Path(namespace, name)).SetHeader("Accept", acceptMetadata)
	answer, err := c.do(ctx, "get", req)
	return metadataOf(answer, err)
}

// mergeMetadata changes metadata alone.
func (c *client) mergeMetadata(ctx context.Context, k kinds.Kind, namespace, name string, patch []byte) (*metav1.PartialObjectMetadata, error) {
	req := c.Member.Client.Patch(types.MergePatchType).AbsPath(k.Path(namespace, name)).
		Param("fieldManager", fieldManager).SetHeader("Accept", acceptMetadata).Body(patch)
	answer, err := c.do(ctx, "patch", req)
	return metadataOf(answer, err)
}

// remove deletes the very object that has the UID, in the version that was seen unless that is 0, and lets Kubernetes delete what it owns.
func (c *client) remove(ctx context.Context, k kinds.Kind, namespace, name string, uid types.UID, version uint64) error {
	background := metav1.DeletePropagationBackground
	seen := &metav1.Preconditions{UID: &uid}
	if version != 0 {
		seen.ResourceVersion = new(strconv.FormatUint(version, 10))
	}
	body, err := json.Marshal(&metav1.DeleteOptions{
		TypeMeta:          metav1.TypeMeta{APIVersion: "v1", Kind: "DeleteOptions"},
		PropagationPolicy: &background, Preconditions: seen,
	})
	if err != nil {
		return fmt.Errorf("encode the options of a deletion: %w", err)
	}
	req := c.Member.Client.Delete().AbsPath(k.Path(namespace, name)).SetHeader("Accept", acceptMetadata).
		SetHeader("Content-Type", "application/json").Body(body)
	_, err = c.do(ctx, "delete", req)
	return err
}

// prune asks for the member's schema of a kind, and takes out of a body what is not in that.
func (c *client) prune(ctx context.Context, k kinds.Kind, body []byte) (pruned []byte, paths []string, err error) {
	err = c.asking(ctx, "schema", c.Limits.RequestTimeout, func(ctx context.Context) (err error) {
		pruned, paths, err = prune.Prune(ctx, c.Member.Client, k.GroupVersionKind(), body)
		return err
	})
	return pruned, paths, err
}

// look asks how it is with the pods of a workload.
func (c *client) look(ctx context.Context, k kinds.Kind, namespace, name string) (unschedulable int32, waiting string, err error) {
	err = c.asking(ctx, "pods", c.Limits.RequestTimeout, func(ctx context.Context) (err error) {
		unschedulable, waiting, err = pods.Look(ctx, c.Member.Client, c.Clock.Now(), k, namespace, name)
		return err
	})
	return unschedulable, waiting, err
}

// asking counts the requests of f as one.
func (c *client) asking(ctx context.Context, verb string, limit time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := c.Clock.Now()
	err := f(ctx)
	var status apierrors.APIStatus
	var way *url.Error
	if err != nil && !errors.As(err, &status) && !errors.As(err, &way) && ctx.Err() == nil { // the member did answer
		c.tell(ctx, verb, http.StatusOK, nil, began)
	} else {
		c.tell(ctx, verb, http.StatusOK, err, began)
	}
	return err
}

// writes are the verbs of requests that are to change something.
var writes = []string{"apply", "patch", "delete"}

// do sends a request, once.
func (c *client) do(ctx context.Context, verb string, req *rest.Request) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Limits.RequestTimeout)
	defer cancel()
	began := c.Clock.Now()
	code := 0
	result := req.MaxRetries(0).Do(ctx)
	answer, _ := result.StatusCode(&code).Raw()
	err := result.Error() // unlike that of Raw, in the member's own words
	c.tell(ctx, verb, code, err, began)
	if err == nil && slices.Contains(writes, verb) {
		c.gate.wrote(c.Clock.Since(began))
	}
	return answer, err
}

// tell counts a request, and judges the member by it.
func (c *client) tell(ctx context.Context, verb string, code int, err error, began time.Time) {
	if errors.Is(ctx.Err(), context.Canceled) { // the Agent ends
		return
	}
	var status apierrors.APIStatus
	said := errors.As(err, &status)
	if said {
		code = int(status.Status().Code)
	} else if err != nil {
		code = 0
	}
	c.Metrics.requests.WithLabelValues(c.Member.Name, verb, strconv.Itoa(code)).Inc()
	o, after := judge(ctx, code, err)
	why := ""
	if o != answered {
		why = plain(err)
	}
	c.gate.tell(o, began, after, why)
}

// judge says what an answer says of the member, and how long it wants to be left alone.
func judge(ctx context.Context, code int, err error) (outcome, time.Duration) {
	seconds, _ := apierrors.SuggestsClientDelay(err)
	after := time.Duration(seconds) * time.Second
	switch {
	case err == nil:
		return answered, 0
	case code == http.StatusTooManyRequests:
		return throttled, after
	case errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil:
		return late, 0
	case code == http.StatusServiceUnavailable && after > 0:
		return throttled, after
	case code == http.StatusUnauthorized || isStray(err) || code >= http.StatusInternalServerError && !isUnknownField(err) && !isWebhook(err) && !isTooLarge(err):
		return broken, 0
	case code == 0:
		return dead, 0
	default:
		return answered, 0
	}
}

func metadataOf(answer []byte, err error) (*metav1.PartialObjectMetadata, error) {
	if err != nil {
		return nil, err
	}
	o := &metav1.PartialObjectMetadata{}
	if err := json.Unmarshal(answer, o); err != nil {
		return nil, fmt.Errorf("the member's answer is no object: %w", err)
	}
	if o.UID == "" || o.Name == "" {
		return nil, errNoObject
	}
	return o, nil
}

var errNoObject = errors.New("the member's answer is no object")
