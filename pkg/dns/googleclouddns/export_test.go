package googleclouddns

// PageWaits are set shorter by tests.
var PageWaits = pageWaits
