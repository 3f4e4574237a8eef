package cluster

// How much of a member's own words is passed on, in bytes. The API server refuses longer ones of an event and of a condition, and with
// them all else that there is to say.
const (
	longestMessage = 1000
	longestVersion = 64
	longestUID     = 64
	longestName    = 64 // of a check that failed
)
