// Package listwatch reads what a cluster has of a kind, and follows what becomes of it, object by object: nothing is kept but what whoever asks
// keeps, which makes it a matter of a few bytes to follow objects of many kilobytes.
package listwatch

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// list is a page of one. T says what of an object is read.
type list[T any] struct {
	metav1.ListMeta `json:"metadata"`
	Items           []T `json:"items"`
}

// Do sends a request, and returns the body of the answer.
type Do func(ctx context.Context, req *rest.Request) ([]byte, error)

// List asks for objects in pages of at most limit, hands each on, and returns the version that they are of. Ask makes a request for all of them.
func List[T any](ctx context.Context, limit int, ask func() *rest.Request, do Do, found func(*T)) (version string, err error) {
	for next := ""; ; {
		req := ask().Param("limit", strconv.Itoa(limit))
		if next != "" {
			req.Param("continue", next)
		}
		page, err := one[T](ctx, req, do)
		if err != nil {
			return "", err
		}
		for i := range page.Items {
			found(&page.Items[i])
		}
		if next = page.Continue; next == "" {
			return page.ResourceVersion, nil
		}
	}
}

// First asks for one object, tells whether there is any, and returns the version that this is of.
func First[T any](ctx context.Context, req *rest.Request, do Do) (found bool, version string, err error) {
	page, err := one[T](ctx, req.Param("limit", "1"), do)
	if err != nil {
		return false, "", err
	}
	return len(page.Items) > 0, page.ResourceVersion, nil
}

func one[T any](ctx context.Context, req *rest.Request, do Do) (*list[T], error) {
	answer, err := do(ctx, req)
	if err != nil {
		return nil, err
	}
	page := &list[T]{}
	if err := json.Unmarshal(answer, page); err != nil {
		return nil, fmt.Errorf("the answer is no list: %w", err)
	}
	return page, nil
}
