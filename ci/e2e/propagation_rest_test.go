//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// manager is what the federation writes as.
const manager = "fedhelm-propagation"

// quiet is how long nothing must be written for the federation to be at rest.
const quiet = 20 * time.Second

// writes are the last ones of the federation to its copies in a member, and which objects these are.
func (r *realm) writes(s *sandbox, member, namespace string, except ...kinds.ID) map[string]string {
	s.Helper()
	last := map[string]string{}
	for _, k := range r.kinds {
		if slices.Contains(except, k.ID()) {
			continue
		}
		held, err := r.member(member).objects(context.WithoutCancel(s.Context()), k, namespace)
		if err != nil {
			s.Fatal(err)
		}
		for i := range held {
			if o := &held[i]; r.ours(o) {
				last[string(k.ID())+" "+o.GetName()] = fmt.Sprintf("%s of %s", written(o), o.GetUID())
			}
		}
	}
	return last
}

func written(o *unstructured.Unstructured) string {
	for _, f := range o.GetManagedFields() {
		if f.Manager == manager && f.Subresource == "" {
			return f.Time.UTC().Format(time.RFC3339)
		}
	}
	return "never"
}

// atRest checks that there comes a time in which the federation writes nothing: neither to copies, nor to sources. When nothing runs beside
// it, writes that change nothing are counted too.
func (r *realm) atRest(s *sandbox, namespace string, alone bool) {
	s.Helper()
	look := func() map[string]string {
		seen := map[string]string{}
		for _, member := range r.joined() {
			for o, at := range r.writes(s, member, namespace) {
				seen[member+" "+o] = at
			}
			if alone {
				seen["applies in "+member] = r.applies(s, member)
			}
		}
		for _, k := range r.kinds {
			sources, err := r.api.objects(context.WithoutCancel(s.Context()), k, namespace)
			if err != nil {
				s.Fatal(err)
			}
			for _, o := range sources {
				seen["source "+string(k.ID())+" "+o.GetName()] = o.GetResourceVersion()
			}
		}
		return seen
	}
	s.eventually(3*quiet+quiet/2, "nothing is written for "+quiet.String(), func() error {
		before := look()
		time.Sleep(quiet)
		if diff := cmp.Diff(before, look()); diff != "" {
			return fmt.Errorf("(-before +after)\n%s", diff)
		}
		return nil
	})
}

// applies counts the server-side applies that a member's API server was asked for: nobody but federations does that there.
func (r *realm) applies(s *sandbox, member string) string {
	s.Helper()
	raw, err := r.member(member).client.Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(context.WithoutCancel(s.Context()))
	if err != nil {
		s.Fatalf("metrics of %s: %v", member, err)
	}
	total := 0.0
	for lines := bufio.NewScanner(strings.NewReader(string(raw))); lines.Scan(); {
		if line := lines.Text(); strings.HasPrefix(line, "apiserver_request_total{") && strings.Contains(line, `verb="APPLY"`) {
			n, err := strconv.ParseFloat(line[strings.LastIndex(line, " ")+1:], 64)
			if err != nil {
				s.Fatalf("metrics of %s: %q: %v", member, line, err)
			}
			total += n
		}
	}
	return fmt.Sprintf("%.0f", total)
}

// replicasOf is spec.replicas of a workload; 0 when there is none.
func replicasOf(o *unstructured.Unstructured) int64 {
	if o == nil {
		return 0
	}
	n, _, _ := unstructured.NestedInt64(o.Object, "spec", "replicas")
	return n
}
