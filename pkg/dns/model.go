package dns

import "net/netip"

// Member is a cluster of the federation, wherever Services are.
type Member struct {
	Name   string
	Region string   // "": not known
	Zones  []string // of its nodes
}

// Service is one of the federation, with the members that are to be led to.
type Service struct {
	Namespace, Name string
	TTL             uint32 // seconds
	Backends        []Backend
}

// ID is NAMESPACE/NAME.
func (s Service) ID() string { return s.Namespace + "/" + s.Name }

// Backend is a member that can answer for a Service now.
type Backend struct {
	Member    string
	Addresses []netip.Addr // also those that its hostname was resolved to
	Hostname  string       // "" or the absolute name that is its only address, where it may be published as such
}

// Naming is what the names of a federation have in common in one DNS zone.
type Naming struct {
	Federation string
	Suffix     string // absolute
	// Others are the suffixes of the federation's names in its other zones. Its own may be among them.
	Others []string
}

// Level is how wide a name leads.
type Level string

// Levels, from the nearest.
const (
	LevelZone   Level = "zone"
	LevelRegion Level = "region"
	LevelGlobal Level = "global"
)

// Wanted is a name that a Service shall have, without its mark.
type Wanted struct {
	Name    string
	Level   Level
	Service string // NAMESPACE/NAME
	Sets    []RecordSet
}

// Owner is a federation, as marks name it.
type Owner struct {
	Federation string
	UID        string
	Adopt      []string // further UIDs whose names, of the same federation, are taken over
}

// Conflict is a name that cannot be had.
type Conflict struct {
	Name    string
	Service string
	Message string // the name, what is there, and what can be done
}
