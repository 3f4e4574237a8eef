// Package e2e holds the tests that drive the real fedhelm, kubectl and helm against the real clusters of the test bed.
// They need the build tag e2e and what `make test-e2e` sets up.
package e2e
