// Package managerflags knows the names of federation-controller-manager's flags, for those who write its command line and
// do not link the program.
package managerflags

import (
	"fmt"
	"slices"
	"strings"
)

// names are sorted.
var names = []string{
	"client-address",
	"cluster-failure-threshold",
	"cluster-monitor-period",
	"cluster-monitor-timeout",
	"cluster-topology-period",
	"dns-adopt-uids",
	"dns-create-zone",
	"dns-hostnames",
	"dns-offline-grace",
	"dns-provider",
	"dns-provider-config",
	"dns-resync-period",
	"dns-ttl",
	"dns-zone",
	"failover-grace",
	"failover-limit",
	"federated-api-burst",
	"federated-api-qps",
	"federated-kinds",
	"federation-name",
	"federation-namespace",
	"health-bind-address",
	"host-kubeconfig",
	"kubeconfig",
	"leader-elect",
	"leader-elect-lease-duration",
	"leader-elect-renew-deadline",
	"leader-elect-retry-period",
	"log-format",
	"master",
	"member-token-lifetime",
	"metrics-bind-address",
	"pprof-bind-address",
	"service-dns-suffix",
	"start-after",
	"unsourced-deletion-limit",
	"v",
	"vmodule",
	"zone-id",
	"zone-name",
}

const (
	addresses = "what listens has --health-bind-address, --metrics-bind-address and --pprof-bind-address"
	workers   = "each member has workers of its own, as many as it can take"
	logs      = "logs go to standard error, see --v, --vmodule and --log-format"
)

// retired are flags of federation v1 that the program has no more, and what became of them.
var retired = map[string]string{
	"address":                     addresses,
	"alsologtostderr":             logs,
	"concurrent-job-syncs":        workers,
	"concurrent-replicaset-syncs": workers,
	"concurrent-service-syncs":    workers,
	"contention-profiling":        addresses,
	"controllers":                 "the kinds that are federated are --set 'controlPlane.controllerManager.federatedKinds={services,deployments.apps}', and without --dns-provider there is no service-dns",
	"federation-only-namespace":   "there is no such namespace: the leader's Lease is in kube-system",
	"hpa-scale-forbidden-window":  "the autoscaler of each member follows its own spec.behavior",
	"kube-api-content-type":       "it is chosen for each request",
	"leader-elect-resource-lock":  "the lock is a Lease",
	"leader-elect-resource-name":  "the lock has a fixed name",
	"log-backtrace-at":            logs,
	"log-dir":                     logs,
	"log-flush-frequency":         logs,
	"logtostderr":                 logs,
	"port":                        addresses,
	"profiling":                   addresses,
	"stderrthreshold":             logs,
}

// Names lists the flags that can be given to a program that is to go on running, sorted and without dashes.
func Names() []string { return slices.Clone(names) }

// Check says why the program cannot be given a flag of this name; of one that federation v1 had it says what became of it.
func Check(name string) error {
	if _, known := slices.BinarySearch(names, name); known {
		return nil
	}
	if instead, old := retired[name]; old {
		return fmt.Errorf("the controller manager has kubefed's flag --%s no more: %s", name, instead)
	}
	return fmt.Errorf("the controller manager has no flag --%s; it has --%s", name, strings.Join(names, ", --"))
}
