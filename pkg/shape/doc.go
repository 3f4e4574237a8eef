// Package shape says what a member shall hold of an object of the federation API. It is pure: no clients, no clock, no state.
package shape
