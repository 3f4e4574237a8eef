package state

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/delivery"
)

const (
	propagationKey = fedv1beta1.AnnotationPropagation
	membersKey     = fedv1beta1.AnnotationMembers

	longestText    = 1024 // bytes of AnnotationPropagation
	longestMessage = 256  // bytes that one member may say
	longestNotes   = 400  // bytes of a plan's notes, so that members are named, too
	mostNamed      = 3    // members in AnnotationPropagation
)

// Reasons of what is no member's.
const (
	reasonAnnotation = "MalformedAnnotation"
	reasonObject     = "Malformed"
	reasonNotPlaced  = "NotPlaced"
)

// reason is that of the Problem.
func (s *Snapshot) reason() string {
	if s.Malformed {
		return reasonObject
	}
	return reasonAnnotation
}

// propagation is the text for people.
func (s *Snapshot) propagation(all []standing) string {
	if s.Problem != "" {
		return cut(s.reason()+": "+s.Problem, longestText)
	}
	synced, selected := 0, 0
	var named []*standing
	for i := range all {
		x := &all[i]
		if x.Selected {
			selected++
			if x.synced() {
				synced++
			}
		}
		if x.matters() && (x.message != "" || !x.synced() && x.state != delivery.Pending) {
			named = append(named, x)
		}
	}
	slices.SortStableFunc(named, func(a, b *standing) int { return urgency(a.state) - urgency(b.state) })
	var b strings.Builder
	if s.Deleting {
		fmt.Fprintf(&b, "deleting; copies left: %d", copies(all))
	} else {
		fmt.Fprintf(&b, "synced %d/%d", synced, selected)
	}
	if len(s.Notes) > 0 {
		b.WriteString("; " + reasonNotPlaced + ": " + cut(strings.Join(s.Notes, "; "), longestNotes))
	}
	for i, x := range named {
		if i == mostNamed {
			fmt.Fprintf(&b, "; and %d more", len(named)-mostNamed)
			break
		}
		b.WriteString("; " + x.Member)
		if x.state != delivery.Synced {
			b.WriteString(": " + string(x.state))
		}
		if x.message != "" {
			b.WriteString(": " + x.message)
		}
	}
	return cut(b.String(), longestText)
}

// urgency is lower for what people should see first.
func urgency(s delivery.State) int {
	switch {
	case slices.Contains(problems, s):
		return 0
	case s != delivery.Synced && s != delivery.Pending && s != delivery.Used:
		return 1
	default:
		return 2
	}
}

func copies(all []standing) int {
	n := 0
	for i := range all {
		if all[i].Copy != nil {
			n++
		}
	}
	return n
}

// cut makes a text fit into that many bytes.
func cut(text string, most int) string {
	const ellipsis = "…"
	if len(text) <= most {
		return text
	}
	end := most - len(ellipsis)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}
