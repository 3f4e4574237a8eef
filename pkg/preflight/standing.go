package preflight

// Standing returns those of the checks before `fedhelm join` that must go on being true of a member: for package check, which
// makes them one by one. Name, Federation, UID, Host and Member are needed; a side without a Clock has none that is looked at.
func Standing(o JoinOptions) []Check {
	return []Check{
		{"member-version", o.memberVersion},
		{"clocks", o.clocks},
		{"other-federation", o.otherFederation},
		{"namespace-names", o.shadow},
	}
}

// Contested returns those of the checks before `fedhelm join` that a join by somebody else may have changed the answer to, until nobody
// else was at work: they are made again then. Name, Federation, UID, Host, Member, Clusters and Secret are needed.
func Contested(o JoinOptions) []Check {
	return []Check{
		{"name", o.name},
		{"other-federation", o.otherFederation},
		{"secret", o.secret},
	}
}
