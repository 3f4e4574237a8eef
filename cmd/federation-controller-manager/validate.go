package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"

	"k8s.io/apimachinery/pkg/util/validation"
)

// validate reports everything that is wrong. What files have in them is not a part
// of the command line: see newManager and dnsZone.tell.
func (o *options) validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	if o.kubeconfig == "" && o.master == "" {
		// client-go would take the host cluster, in whose pod this runs, for the federation.
		bad("--kubeconfig: must be given: the kubeconfig file of the federation API")
	}
	if u, err := url.Parse(o.master); o.master != "" && (err != nil || u.Scheme == "" || u.Host == "") {
		bad("--master=%q: must be a URL such as https://127.0.0.1:6443", o.master)
	}
	if o.qps <= 0 {
		bad("--federated-api-qps=%v: must be more than 0", o.qps)
	}
	if o.burst < 1 {
		bad("--federated-api-burst=%d: must be at least 1", o.burst)
	}
	for name, value := range map[string]string{"federation-name": o.federation, "federation-namespace": o.namespace} {
		if problems := validation.IsDNS1123Label(value); len(problems) > 0 {
			bad("--%s=%q: %s", name, value, problems[0])
		}
	}
	errs = append(errs, o.election.validate(), o.bind.validate(), o.dns.validate(), o.monitoring.validate(), o.propagation.validate(), o.log.validate())
	return errors.Join(errs...)
}

func (e election) validate() error {
	var errs []error
	if e.retryPeriod <= 0 {
		errs = append(errs, fmt.Errorf("--leader-elect-retry-period=%s: must be more than 0", e.retryPeriod))
	}
	// With a fifth more, as client-go wants it: it adds that much at random to the period.
	if float64(e.renewDeadline) <= 1.2*float64(e.retryPeriod) {
		errs = append(errs, fmt.Errorf("--leader-elect-renew-deadline=%s: must be more than 1.2 times --leader-elect-retry-period=%s", e.renewDeadline, e.retryPeriod))
	}
	if e.leaseDuration <= e.renewDeadline {
		errs = append(errs, fmt.Errorf("--leader-elect-lease-duration=%s: must be more than --leader-elect-renew-deadline=%s", e.leaseDuration, e.renewDeadline))
	}
	return errors.Join(errs...)
}

func (b bind) validate() error {
	var errs []error
	for name, value := range map[string]string{"health": b.health, "metrics": b.metrics, "pprof": b.pprof} {
		if value == "0" && name != "health" {
			continue
		}
		if _, _, err := net.SplitHostPort(value); err != nil {
			errs = append(errs, fmt.Errorf("--%s-bind-address=%q: must be host:port or :port", name, value))
		}
	}
	return errors.Join(errs...)
}
