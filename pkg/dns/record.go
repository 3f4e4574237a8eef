// Package dns says which names a federation's Services have, and what has to change in a DNS zone for them to be there: values and pure
// functions. Providers are packages of their own.
package dns

// Type is that of a record.
type Type string

// Types that federations use. Others are met in listings, and let be.
const (
	A     Type = "A"
	AAAA  Type = "AAAA"
	CNAME Type = "CNAME"
	TXT   Type = "TXT"
)

// RecordSet is all records of one name and type.
type RecordSet struct {
	Name string // absolute: lower case, with a dot at its end
	Type Type
	TTL  uint32 // seconds
	// Values are sorted, each once: addresses as netip.Addr prints them, one absolute name, or texts without quotes. They may be nil for types
	// that federations do not use.
	Values []string
}

// Change is that of one record set. Before and After have the same name and type.
type Change struct {
	Before *RecordSet // nil: there is none
	After  *RecordSet // nil: there shall be none
}

// Set is what is changed: before and after have its name and type.
func (c Change) Set() RecordSet {
	if c.Before != nil {
		return *c.Before
	}
	return *c.After
}

// Unit are changes that belong together: the records of one name, and its owner's mark.
type Unit struct {
	Name    string
	Changes []Change // in the order in which they are safe one by one
}

// Zone is one at a provider.
type Zone struct {
	ID      string // the provider's; the name where it has none
	Name    string // absolute
	Private bool   // only some networks see it, as far as the provider knows of such zones
}
