package route53

import (
	"fmt"
	"strings"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/batch"
)

// refusalError is the answer that no change of a batch was made, with all that is wrong in it.
type refusalError struct {
	message string
}

func (r *refusalError) Error() string { return r.message }

// refused says which units are at fault.
func (r *refusalError) refused(units []dns.Unit) *batch.RefusedError {
	at := map[string]error{}
	for _, m := range batch.Mentions(r.message, units, escapes) {
		why := fmt.Errorf("%w: Amazon Route 53: %s", kind(m.About), clause(m.About))
		if _, known := at[m.Unit]; !known || kind(m.About) == dns.ErrRejected { //nolint:errorlint // it is one of two
			at[m.Unit] = why
		}
	}
	return &batch.RefusedError{Units: at, Err: fmt.Errorf("%w: Amazon Route 53: %s", kind(r.message), clause(r.message))}
}

// kind tells by Amazon's words whether something else is there than was said, or the change is refused for what it is.
func kind(words string) error {
	for _, stale := range []string{"but it already exists", "but it was not found", "but the values provided do not match"} {
		if strings.Contains(words, stale) {
			return dns.ErrStale
		}
	}
	return dns.ErrRejected
}

// clause is what words say first: messages about many records are long.
func clause(words string) string {
	for _, next := range []string{", Tried to ", ", RRSet ", ", Invalid "} {
		words, _, _ = strings.Cut(words, next)
	}
	words = strings.Trim(words, "'[], ")
	return words[:min(len(words), 500)]
}
