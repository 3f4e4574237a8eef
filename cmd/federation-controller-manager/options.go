package main

import (
	"time"

	"github.com/spf13/pflag"
)

// options are the command line. Flags of federation v1 keep their names.
type options struct {
	kubeconfig string
	master     string
	qps        float32
	burst      int

	federation string
	namespace  string
	startAfter string

	election election
	bind     bind
	dns      dns
	log      logging
	version  bool

	host        host
	monitoring  monitoring
	propagation propagation
}

// election is how instances agree on which of them acts.
type election struct {
	enabled       bool
	leaseDuration time.Duration
	renewDeadline time.Duration
	retryPeriod   time.Duration
}

// bind has the addresses to listen on; "0" is none.
type bind struct {
	health  string
	metrics string
	pprof   string
}

func (o *options) addFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig file of the federation API; the certificate files that it names are read again when they change")
	fs.StringVar(&o.master, "master", "", "URL of the federation API, instead of the one in the kubeconfig")
	fs.Float32Var(&o.qps, "federated-api-qps", 1000, "requests per second to the federation API, on average")
	fs.IntVar(&o.burst, "federated-api-burst", 2000, "requests to the federation API at once, at most")
	fs.StringVar(&o.federation, "federation-name", "", "name of the federation")
	fs.StringVar(&o.namespace, "federation-namespace", "federation-system", "namespace of the federation in the host cluster")

	fs.StringVar(&o.startAfter, "start-after", "", "file to wait for, which is there when the federation API has its base objects; empty: start at once")

	fs.BoolVar(&o.election.enabled, "leader-elect", false, "act only while holding the Lease kube-system/"+program+" of the federation API; needed with more than one instance")
	fs.DurationVar(&o.election.leaseDuration, "leader-elect-lease-duration", 15*time.Second, "how long others wait for a leader that has gone")
	fs.DurationVar(&o.election.renewDeadline, "leader-elect-renew-deadline", 10*time.Second, "how long a leader that cannot renew its Lease goes on")
	fs.DurationVar(&o.election.retryPeriod, "leader-elect-retry-period", 2*time.Second, "how often the Lease is tried or renewed")

	fs.StringVar(&o.bind.health, "health-bind-address", ":8081", "address of /healthz and /readyz, over plain HTTP")
	fs.StringVar(&o.bind.metrics, "metrics-bind-address", ":8080", "address of /metrics, over plain HTTP; 0 for none")
	fs.StringVar(&o.bind.pprof, "pprof-bind-address", "127.0.0.1:6060", "address of /debug/pprof; 0 for none")

	o.dns.addFlags(fs)
	o.host.addFlags(fs)
	o.monitoring.addFlags(fs)
	o.propagation.addFlags(fs)
	o.log.addFlags(fs)
	fs.BoolVar(&o.version, "version", false, "print the version and exit")
}
