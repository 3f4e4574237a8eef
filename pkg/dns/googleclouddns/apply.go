package googleclouddns

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	clouddns "google.golang.org/api/dns/v1"
	"google.golang.org/api/googleapi"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/batch"
)

// limit is that of a change, as projects have it at first: record sets made, record sets removed, and bytes of data.
var limit = batch.Size{1000, 1000, 100000}

// Apply implements dns.Provider. Changes of a call are made all at once.
func (p *Provider) Apply(ctx context.Context, zone dns.Zone, units []dns.Unit) error {
	caller := batch.Caller{Limit: limit, Size: size, Call: func(ctx context.Context, units []dns.Unit) error { return p.change(ctx, zone, units) }}
	return caller.Apply(ctx, units)
}

// size is what a unit takes of a call. What is removed counts as what is made does.
func size(u dns.Unit) batch.Size {
	var s batch.Size
	count := func(set *dns.RecordSet, sets *int) {
		if set == nil {
			return
		}
		*sets++
		for _, value := range escapes.Values(*set) {
			s[2] += len(value)
		}
	}
	for _, c := range u.Changes {
		count(c.After, &s[0])
		count(c.Before, &s[1])
	}
	return s
}

// change is one call.
func (p *Provider) change(ctx context.Context, zone dns.Zone, units []dns.Unit) error {
	var change clouddns.Change
	var additions, deletions []string // units, by what is added and deleted
	for _, u := range units {
		for _, c := range u.Changes {
			if c.Before != nil {
				raw := p.memory.Write(escapes, zone.ID, *c.Before)
				change.Deletions = append(change.Deletions, rrset(c.Before, raw.Name, raw.Values))
				deletions = append(deletions, u.Name)
			}
			if c.After != nil {
				change.Additions = append(change.Additions, rrset(c.After, c.After.Name, escapes.Values(*c.After)))
				additions = append(additions, u.Name)
			}
		}
	}
	_, err := call(ctx, p, "changes.create", func(project string) *clouddns.ChangesCreateCall {
		return p.api.Changes.Create(project, zone.ID, &change)
	})
	if err == nil {
		p.memory.Forget(zone.ID, units)
		return nil
	}
	err = fmt.Errorf("change zone %q: %w", zone.Name, err)
	var said *refusalError
	if errors.As(err, &said) {
		return said.refused(units, map[string][]string{"additions": additions, "deletions": deletions})
	}
	return err
}

func rrset(set *dns.RecordSet, name string, values []string) *clouddns.ResourceRecordSet {
	return &clouddns.ResourceRecordSet{Name: name, Type: string(set.Type), Ttl: int64(set.TTL), Rrdatas: values, ForceSendFields: []string{"Ttl"}}
}

// refusalError is the answer that no part of a change was made, because of some of its record sets.
type refusalError struct {
	answer *googleapi.Error
	reason string
}

func (r *refusalError) Error() string { return describe(r.answer, r.reason) }

// position is how answers name record sets of a change, if they do not by name.
var position = regexp.MustCompile(`entity\.change\.(additions|deletions)\[(\d+)\]`)

// refused says which units are at fault. Listed are the units whose sets are added, and deleted.
func (r *refusalError) refused(units []dns.Unit, listed map[string][]string) *batch.RefusedError {
	at := map[string]error{}
	items := r.answer.Errors
	if len(items) == 0 {
		items = []googleapi.ErrorItem{{Reason: r.reason, Message: r.answer.Message}}
	}
	for _, item := range items {
		why := fmt.Errorf("%w: Google Cloud DNS: %s", kind(r.answer.Code), item.Message)
		for _, m := range batch.Mentions(item.Message, units, escapes) {
			at[m.Unit] = why
		}
		for _, found := range position.FindAllStringSubmatch(item.Message, -1) {
			if n, err := strconv.Atoi(found[2]); err == nil && n < len(listed[found[1]]) {
				at[listed[found[1]][n]] = why
			}
		}
	}
	return &batch.RefusedError{Units: at, Err: fmt.Errorf("%w: Google Cloud DNS: %s", kind(r.answer.Code), r.answer.Message)}
}

// kind tells whether something else is there than was said, or the change is refused for what it is.
func kind(code int) error {
	switch code {
	case http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed:
		return dns.ErrStale
	}
	return dns.ErrRejected
}
