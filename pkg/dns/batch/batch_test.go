package batch_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/batch"
	"github.com/fedhelm/fedhelm/pkg/dns/zonetext"
)

// server is one that takes units of weight 10 in a call: a unit weighs as many as its changes.
type server struct {
	bad   map[string]error // units that it refuses
	names bool             // says which
	fail  map[int]error    // calls that fail otherwise, from 1
	calls []string         // the units of each
	made  []string
}

func (s *server) caller() batch.Caller {
	return batch.Caller{Limit: batch.Size{10, 99}, Size: func(u dns.Unit) batch.Size { return batch.Size{len(u.Changes), 1} }, Call: s.call}
}

func (s *server) call(_ context.Context, units []dns.Unit) error {
	var names []string
	refused := &batch.RefusedError{Units: map[string]error{}}
	for _, u := range units {
		names = append(names, u.Name)
		if err := s.bad[u.Name]; err != nil {
			refused.Err = err
			if s.names {
				refused.Units[u.Name] = err
			}
		}
	}
	s.calls = append(s.calls, strings.Join(names, " "))
	if err := s.fail[len(s.calls)]; err != nil {
		return err
	}
	if refused.Err != nil {
		return refused
	}
	s.made = append(s.made, names...)
	return nil
}

// units are named by letters, each with so many changes.
func units(sizes ...int) []dns.Unit {
	var all []dns.Unit
	for i, size := range sizes {
		all = append(all, dns.Unit{Name: string(rune('a' + i)), Changes: make([]dns.Change, size)})
	}
	return all
}

func TestApplyRejectsWhatHasNoValues(t *testing.T) {
	var s server
	all := units(1, 0, 1)
	all[1].Changes = []dns.Change{{Before: &dns.RecordSet{Name: "b", Type: dns.A}}}
	var failed *dns.UnitErrors
	if err := s.caller().Apply(t.Context(), all); !errors.As(err, &failed) || len(failed.Failed) != 1 || !errors.Is(failed.Failed["b"], dns.ErrRejected) {
		t.Errorf("Apply = %v, want ErrRejected for b alone", err)
	}
	if got := strings.Join(s.made, " "); got != "a c" {
		t.Errorf("made %q, want the others", got)
	}
}

func TestMentions(t *testing.T) {
	all := []dns.Unit{
		{Name: "web.example.com.", Changes: []dns.Change{{After: &dns.RecordSet{Name: "_fedhelm.web.example.com."}}}},
		{Name: "api.example.com."},
		{Name: "*.example.com."},
	}
	for _, tt := range []struct {
		name, message string
		want          []batch.Mention
	}{
		{name: "none", message: "Rate exceeded in zone example.com."},
		{name: "a mark is its unit's", message: "Invalid value for '_fedhelm.WEB.example.com.': 'x'", want: []batch.Mention{{Unit: "web.example.com.", About: "': 'x'"}}},
		{name: "several, each with what is said of it", message: `[delete [name='web.example.com.', type='A'] not found, create [name='\052.example.com.', type='A'] exists]`,
			want: []batch.Mention{{Unit: "web.example.com.", About: "', type='A'] not found, create [name='"}, {Unit: "*.example.com.", About: "', type='A'] exists]"}}},
		{name: "at both ends, without the dot", message: "api.example.com is not web.example.com", want: []batch.Mention{{Unit: "api.example.com.", About: " is not "}, {Unit: "web.example.com."}}},
		{name: "a part of a name is none", message: "notweb.example.com. web.example.com.au.", want: nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, batch.Mentions(tt.message, all, zonetext.Octal)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestApply(t *testing.T) {
	stale, broken := fmt.Errorf("it is: %w", dns.ErrStale), errors.New("broken")
	throttled := &dns.Throttled{Err: errors.New("rate exceeded")}
	tests := []struct {
		name   string
		sizes  []int
		server server
		calls  []string
		made   string
		failed map[string]error
		err    error // if it is not about units
	}{
		{name: "nothing needs no call"},
		{name: "all that fits is one call", sizes: []int{2, 3, 5}, calls: []string{"a b c"}, made: "a b c"},
		{name: "a unit is never split", sizes: []int{6, 5, 5, 1}, calls: []string{"a", "b c", "d"}, made: "a b c d"},
		{name: "a unit that fits into no call is rejected, others are made", sizes: []int{4, 11, 6, 11}, calls: []string{"a", "c"}, made: "a c",
			failed: map[string]error{"b": dns.ErrRejected, "d": dns.ErrRejected}},
		{name: "those that the provider names are left out, all at once", sizes: []int{1, 1, 1, 1}, server: server{names: true, bad: map[string]error{"b": stale, "d": dns.ErrRejected}},
			calls: []string{"a b c d", "a c"}, made: "a c", failed: map[string]error{"b": dns.ErrStale, "d": dns.ErrRejected}},
		{name: "one that it does not name is found by halving", sizes: []int{1, 1, 1, 1}, server: server{bad: map[string]error{"c": stale}},
			calls: []string{"a b c d", "a b", "c d", "c", "d"}, made: "a b d", failed: map[string]error{"c": dns.ErrStale}},
		{name: "a batch of which all are at fault is not tried again", sizes: []int{1, 1}, server: server{names: true, bad: map[string]error{"a": stale, "b": stale}},
			calls: []string{"a b"}, failed: map[string]error{"a": dns.ErrStale, "b": dns.ErrStale}},
		{name: "another error ends it", sizes: []int{10, 10}, server: server{fail: map[int]error{1: broken}}, calls: []string{"a"}, err: broken},
		{name: "throttled before anything was made", sizes: []int{10, 10}, server: server{fail: map[int]error{1: throttled}}, calls: []string{"a"}, err: dns.ErrThrottled},
		{name: "what was made before it is throttled is known", sizes: []int{10, 5, 5, 10}, server: server{fail: map[int]error{2: throttled}},
			calls: []string{"a", "b c"}, made: "a", failed: map[string]error{"b": dns.ErrThrottled, "c": dns.ErrThrottled, "d": dns.ErrThrottled}},
		{name: "what was made between refusals is known when it is throttled", sizes: []int{1, 1, 1, 1}, server: server{bad: map[string]error{"d": stale}, fail: map[int]error{3: throttled}},
			calls: []string{"a b c d", "a b", "c d"}, made: "a b", failed: map[string]error{"c": dns.ErrThrottled, "d": dns.ErrThrottled}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.server
			err := s.caller().Apply(t.Context(), units(tt.sizes...))
			var failed *dns.UnitErrors
			errors.As(err, &failed)
			switch {
			case tt.err != nil && (failed != nil || !errors.Is(err, tt.err)):
				t.Errorf("Apply = %v, want %v", err, tt.err)
			case tt.err == nil && len(tt.failed) == 0 && err != nil:
				t.Errorf("Apply = %v", err)
			case len(tt.failed) > 0 && failed == nil:
				t.Fatalf("Apply = %v, want failed units %v", err, tt.failed)
			}
			for name, want := range tt.failed {
				if !errors.Is(failed.Failed[name], want) {
					t.Errorf("unit %s failed with %v, want %v", name, failed.Failed[name], want)
				}
			}
			if failed != nil && len(failed.Failed) != len(tt.failed) {
				t.Errorf("units %v failed, want %v", slices.Sorted(maps.Keys(failed.Failed)), slices.Sorted(maps.Keys(tt.failed)))
			}
			if diff := cmp.Diff(tt.calls, s.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if got := strings.Join(s.made, " "); got != tt.made {
				t.Errorf("made %q, want %q", got, tt.made)
			}
		})
	}
}

func TestApplyGivesUpWhenTooManyAreRefused(t *testing.T) {
	s := server{bad: map[string]error{}}
	var all []dns.Unit
	for i := range 1000 {
		name := fmt.Sprint(i)
		all = append(all, dns.Unit{Name: name})
		s.bad[name] = dns.ErrRejected
	}
	c := s.caller()
	c.Limit = batch.Size{1000, 1000}
	var failed *dns.UnitErrors
	if err := c.Apply(t.Context(), all); !errors.As(err, &failed) || len(failed.Failed) != len(all) {
		t.Fatalf("Apply = %v, want every unit to fail", err)
	}
	if len(s.calls) > 100 {
		t.Errorf("%d calls to find that all units are refused", len(s.calls))
	}
	if err := failed.Failed["999"]; !errors.Is(err, dns.ErrStale) {
		t.Errorf("a unit that was not tried alone failed with %v, want ErrStale: it is to be planned anew", err)
	}
}
