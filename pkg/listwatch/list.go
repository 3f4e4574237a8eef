// Package listwatch reads what a cluster has of a kind, and follows what becomes of it, object by object: nothing is kept but what whoever asks
// keeps, which makes it a matter of a few bytes to follow objects of many kilobytes.
package listwatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

const (
	// mostInAnswer is how many objects are taken of one answer. Some servers leave a limit out of account, as API servers do for what they have in
	// their caches; but more that are any do not fit into what is read of an answer at all (32 MiB). Three octets, though, can stand for an object
	// that takes hundreds when it is read.
	mostInAnswer = 100_000
	// mostInList is how many are taken of all pages together: more than a cluster can have of a kind. Each page counts as a full one, so that a
	// server that goes on and on is not followed for ever.
	mostInList = 1_000_000
)

// ErrTooMany is returned for a server that lists more than any cluster has.
var ErrTooMany = errors.New("the server lists too many objects")

// list is a page of one. T says what of an object is read.
type list[T any] struct {
	metav1.ListMeta `json:"metadata"`
	Items           []T `json:"items"`
}

// Do sends a request, and returns the body of the answer. It is to bound what it reads, as the clients of pkg/members do.
type Do func(ctx context.Context, req *rest.Request) ([]byte, error)

// List asks for objects in pages of at most limit, hands each on, and returns the version that they are of. Ask makes a request for all of them.
// When it fails, part of them were handed on. ErrTooMany says that the server is not to be believed; the error names what was asked for.
func List[T any](ctx context.Context, limit int, ask func() *rest.Request, do Do, found func(*T)) (version string, err error) {
	total := 0
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
		if total += max(limit, len(page.Items)); total >= mostInList {
			return "", fmt.Errorf("%s: %w: after %d there are more", collection(req), ErrTooMany, total)
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
	if parts(answer) > mostInAnswer {
		return nil, fmt.Errorf("%s: %w: more than %d in one answer", collection(req), ErrTooMany, mostInAnswer)
	}
	page := &list[T]{}
	if err := json.Unmarshal(answer, page); err != nil {
		return nil, fmt.Errorf("%s: the answer is no list: %w", collection(req), err)
	}
	return page, nil
}

// parts is how many elements of the second level a JSON text has at least: those of the items of a list, and a few.
func parts(text []byte) int {
	n, depth, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
			if c == '\\' {
				i++
			}
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			depth--
		case c == ',' && depth == 2:
			n++
		}
	}
	return n
}

// collection is what a request asks for, without how.
func collection(req *rest.Request) string {
	u := req.URL()
	u.RawQuery = ""
	return u.Redacted()
}
