package dns

import (
	"slices"
	"strings"
)

const (
	markLabel = "_fedhelm."
	heritage  = "fedhelm"
	markTTL   = 300
)

// Mark says whose a name is.
type Mark struct {
	Federation string
	UID        string
	Service    string // NAMESPACE/NAME
}

// MarkName is where the mark of a name is. It is below the name, since a CNAME suffers nothing beside it.
func MarkName(name string) string { return markLabel + name }

// markedName is the name that a mark's name belongs to.
func markedName(markName string) (string, bool) { return strings.CutPrefix(markName, markLabel) }

// Text is what the mark's TXT record says.
func (m Mark) Text() string {
	return "heritage=" + heritage + ",federation=" + m.Federation + ",uid=" + m.UID + ",service=" + m.Service
}

// ParseMark reads the text of a TXT record. It is false for one that is no mark of any federation. Keys that are not known are let be, so that
// marks can have more of them one day.
func ParseMark(text string) (Mark, bool) {
	first, rest, _ := strings.Cut(text, ",")
	if first != "heritage="+heritage {
		return Mark{}, false
	}
	var m Mark
	for field := range strings.SplitSeq(rest, ",") {
		switch key, value, _ := strings.Cut(field, "="); key {
		case "federation":
			m.Federation = value
		case "uid":
			m.UID = value
		case "service":
			m.Service = value
		}
	}
	return m, m.Federation != "" && m.UID != ""
}

// Owns tells whether what bears the mark is the owner's, as its own or taken over.
func (o Owner) Owns(m Mark) bool {
	return m.Federation == o.Federation && (m.UID == o.UID || slices.Contains(o.Adopt, m.UID))
}

// markSet is the record set with the owner's mark for a name.
func (o Owner) markSet(name, service string) *RecordSet {
	text := Mark{Federation: o.Federation, UID: o.UID, Service: service}.Text()
	return &RecordSet{Name: MarkName(name), Type: TXT, TTL: markTTL, Values: []string{text}}
}
