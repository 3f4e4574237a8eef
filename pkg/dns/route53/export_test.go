package route53

// PageWaits are set shorter by tests.
var PageWaits = pageWaits

// CallTimeout is set shorter by tests.
var CallTimeout = &callTimeout
