package listwatch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/fedhelm/fedhelm/pkg/listwatch"
)

type object struct {
	Metadata struct{ Name, ResourceVersion string }
	listwatch.Failure
}

// ask returns requests to a server that answers so.
func ask(t *testing.T, answer http.HandlerFunc) func() *rest.Request {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	client, err := rest.UnversionedRESTClientFor(&rest.Config{Host: server.URL, QPS: -1, ContentConfig: rest.ContentConfig{
		NegotiatedSerializer: serializer.WithoutConversionCodecFactory{CodecFactory: scheme.Codecs},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return func() *rest.Request { return client.Get().AbsPath("/things") }
}

func do(ctx context.Context, req *rest.Request) ([]byte, error) { return req.Do(ctx).Raw() }

func TestListAsksPageByPage(t *testing.T) {
	pages := map[string]string{
		"":  `{"metadata":{"resourceVersion":"7","continue":"x"},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}`,
		"x": `{"metadata":{"resourceVersion":"8"},"items":[{"metadata":{"name":"c"}}]}`,
	}
	requests := ask(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.URL.Query().Get("limit"); got != "2" {
			t.Errorf("limit %q", got)
		}
		fmt.Fprint(w, pages[r.URL.Query().Get("continue")])
	})
	var names []string
	version, err := listwatch.List(t.Context(), 2, requests, do, func(o *object) { names = append(names, o.Metadata.Name) })
	if err != nil || version != "8" || !slices.Equal(names, []string{"a", "b", "c"}) {
		t.Errorf("List = %q, %v; found %q", version, err, names)
	}
}

// things is an answer of n objects that say nothing.
func things(n int, next string) string {
	return fmt.Sprintf(`{"metadata":{"resourceVersion":"7","continue":%q},"items":[%s]}`, next, strings.TrimSuffix(strings.Repeat("{},", n), ","))
}

func TestListOfAServerThatIsNotToBeBelieved(t *testing.T) {
	tests := []struct {
		name string
		page string
		most int // objects that are handed on
	}{
		{"too many in one answer are not taken", things(100_100, ""), 0},
		{"too many in all are not taken", things(60_000, "x"), 1_020_000},
		{"pages without an end are not followed, though nothing is in them", things(0, "x"), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			requests := ask(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, tt.page) })
			n := 0
			_, err := listwatch.List(t.Context(), 20_000, requests, do, func(*object) { n++ })
			if !errors.Is(err, listwatch.ErrTooMany) || !strings.Contains(err.Error(), "/things: ") {
				t.Errorf("List = %v", err)
			}
			if n != tt.most {
				t.Errorf("%d objects were handed on, want %d", n, tt.most)
			}
		})
	}
}

func TestListOfAServerWithoutLimits(t *testing.T) {
	text := `"selfLink":"\"` + strings.Repeat(",", 200_000) + `",` // no more objects for that
	body := strings.Replace(things(1000, ""), `"resourceVersion"`, text+`"resourceVersion"`, 1)
	requests := ask(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
	n := 0
	version, err := listwatch.List(t.Context(), 2, requests, do, func(*object) { n++ })
	if err != nil || version != "7" || n != 1000 {
		t.Errorf("List = %q, %v, found %d", version, err, n)
	}
	if found, _, err := listwatch.First[object](t.Context(), requests(), do); !found || err != nil {
		t.Errorf("First = %t, %v", found, err)
	}
}

func TestFirst(t *testing.T) {
	for body, want := range map[string]bool{`{"metadata":{"resourceVersion":"7"},"items":[{}]}`: true, `{"metadata":{"resourceVersion":"7"}}`: false,
		`{"items":null,"metadata":{"resourceVersion":"7"}}`: false,
	} {
		found, version, err := listwatch.First[object](t.Context(), ask(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })(), do)
		if err != nil || version != "7" || found != want {
			t.Errorf("First of %s = %t, %q, %v", body, found, version, err)
		}
	}
}

func TestListOfWhatIsNone(t *testing.T) {
	for _, answer := range []string{`[]`, `{"items":{}}`, `{"items":[1]}`, `{"items":[`} {
		requests := ask(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) })
		if _, err := listwatch.List(t.Context(), 2, requests, do, func(*object) {}); err == nil || !strings.Contains(err.Error(), "no list") {
			t.Errorf("List of %s = %v", answer, err)
		}
	}
}

func TestWatch(t *testing.T) {
	requests := ask(t, func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); q.Get("watch") != "true" || q.Get("resourceVersion") != "7" || q.Get("timeoutSeconds") == "" {
			t.Errorf("asked for %s", q.Encode())
		}
		fmt.Fprint(w, `{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"8"}}}{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}`)
	})
	var seen []string
	opened := errors.New("it was not told")
	err := listwatch.Watch(t.Context(), requests(), "7", func(_ context.Context, err error) { opened = err }, func(kind string, o *object) {
		seen = append(seen, kind+o.Metadata.Name+o.Metadata.ResourceVersion)
	})
	if err != nil || opened != nil || !slices.Equal(seen, []string{"ADDEDa8", "BOOKMARK9"}) {
		t.Errorf("Watch = %v, opened %v, saw %q", err, opened, seen)
	}
}

func TestWatchThatEndsForAReason(t *testing.T) {
	requests := ask(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}`)
	})
	err := listwatch.Watch(t.Context(), requests(), "7", func(context.Context, error) {}, func(kind string, _ *object) { t.Errorf("%s happened", kind) })
	if !apierrors.IsResourceExpired(err) || !strings.Contains(err.Error(), "too old") {
		t.Errorf("Watch = %v", err)
	}
}

func TestWatchThatIsRefused(t *testing.T) {
	requests := ask(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	var opened error
	err := listwatch.Watch(t.Context(), requests(), "7", func(_ context.Context, err error) { opened = err }, func(string, *object) {})
	if !apierrors.IsForbidden(err) || !apierrors.IsForbidden(opened) {
		t.Errorf("Watch = %v, opened %v", err, opened)
	}
}
