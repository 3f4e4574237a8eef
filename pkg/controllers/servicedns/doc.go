// Package servicedns decides which members the names of Services lead to, has keepers of DNS zones publish that, and says on each Service and each
// DNSZone how it stands with it.
package servicedns
