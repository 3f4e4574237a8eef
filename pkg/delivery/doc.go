// Package delivery brings one member in line with what is wished of it, and keeps it so. It needs to know nothing but wishes, and a client of
// the member: it can run wherever these are. docs/design/propagation.md is its contract.
package delivery
