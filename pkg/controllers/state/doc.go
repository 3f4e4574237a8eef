// Package state writes into the federation API how it stands with its objects in the members: their native status, summed up, and two
// annotations. It is the only writer of both.
package state
