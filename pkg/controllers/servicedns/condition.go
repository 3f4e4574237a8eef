package servicedns

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

const (
	// mostNamed is how many members, names or problems a message names.
	mostNamed = 3
	// longestMessage is what a condition may say.
	longestMessage = 1024
)

// errNotYet is why a change is not there that nothing has gone wrong with.
var errNotYet = errors.New("it has not made the change yet")

// condition says how it stands with the names of a Service.
func (v *verdict) condition(s *source, now time.Time) *metav1.Condition {
	status, reason, message := v.reason(s)
	if v.strays != "" { // the names are no worse for it, so that it is no reason: whoever drains another member waits for a good one
		message += "; " + v.strays
	}
	if len(message) > longestMessage {
		message = strings.ToValidUTF8(message[:longestMessage-3], "") + "..."
	}
	is := &metav1.Condition{
		Type: fedv1beta1.ServiceDNS, Status: status, Reason: reason, Message: message, ObservedGeneration: s.generation,
		LastTransitionTime: metav1.NewTime(now),
	}
	if s.condition != nil && s.condition.Status == status {
		is.LastTransitionTime = s.condition.LastTransitionTime
	}
	return is
}

func (v *verdict) reason(s *source) (metav1.ConditionStatus, string, string) {
	var conflicts, rejected, failed []string
	unable := 0 // zones that have nothing of what is wanted
	for _, z := range v.zones {
		for _, c := range z.Conflicts {
			conflicts = append(conflicts, c.Message) // it names the name
		}
		for _, r := range z.Rejected {
			rejected = append(rejected, fmt.Sprintf("%s: %v", r.Name, r.Err))
		}
		if !z.Settled {
			failed = append(failed, fmt.Sprintf("zone %s: %v", z.zone, cmp.Or(z.Err, errNotYet)))
			unable++
		}
	}
	left := v.names - len(rejected)
	rejected = append(v.problems, rejected...)
	switch {
	case len(failed) > 0 && unable < len(v.zones):
		return metav1.ConditionFalse, fedv1beta1.ReasonPartial, several(failed)
	case len(failed) > 0:
		return metav1.ConditionFalse, fedv1beta1.ReasonProviderFailed, several(failed)
	case len(conflicts) > 0:
		return metav1.ConditionFalse, fedv1beta1.ReasonConflict, several(conflicts)
	case len(s.problems) > 0 || len(rejected) > 0 && left <= 0:
		return metav1.ConditionFalse, fedv1beta1.ReasonRejected, several(rejected)
	case len(rejected) > 0:
		return metav1.ConditionFalse, fedv1beta1.ReasonPartial, several(rejected)
	}
	in, out := v.sides()
	if len(in) == 0 {
		message := "the Service is in no member"
		if len(out) > 0 {
			message = "no member backs it: " + several(out)
		}
		return metav1.ConditionFalse, fedv1beta1.ReasonNoBackend, message + v.ofHostnames()
	}
	message := "its names lead to " + enumerate(in)
	if len(out) > 0 {
		message += "; not to " + several(out)
	}
	if len(v.doubts) > 0 {
		message += fmt.Sprintf("; whether anything is ready is not known of %s, which does not let EndpointSlices be read: run fedhelm join %s --refresh",
			enumerate(v.doubts), v.doubts[0])
	}
	return metav1.ConditionTrue, fedv1beta1.ReasonPublished, message + v.ofHostnames()
}

// ofHostnames says which could not be resolved, behind what else there is to say.
func (v *verdict) ofHostnames() string {
	if len(v.unknown) == 0 {
		return ""
	}
	return fmt.Sprintf("; a load balancer's hostname cannot be resolved: %s: what addresses the member had before hold until it can", enumerate(v.unknown))
}

// sides are the members that back the Service, and those that do not, with their reasons.
func (v *verdict) sides() (in, out []string) {
	for _, name := range slices.Sorted(maps.Keys(v.members)) {
		if m := v.members[name]; m.Backs() {
			in = append(in, name)
		} else {
			out = append(out, fmt.Sprintf("%s (%s)", name, m.Out))
		}
	}
	return in, out
}

// several are the first of some texts, and how many more there are.
func several(texts []string) string { return some(texts, "; ") }

// enumerate is several, for short texts.
func enumerate(texts []string) string { return some(texts, ", ") }

func some(texts []string, between string) string {
	if len(texts) <= mostNamed {
		return strings.Join(texts, between)
	}
	return strings.Join(texts[:mostNamed], between) + fmt.Sprintf("%sand %d more", between, len(texts)-mostNamed)
}
