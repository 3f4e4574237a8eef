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
