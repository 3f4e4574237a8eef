// Package propagation follows the objects of the federation API that are federated, decides which members hold which part of them, and lets
// the Agents of pkg/delivery see to it. It lets an object go when its copies are gone. docs/design/propagation.md is its contract.
package propagation
