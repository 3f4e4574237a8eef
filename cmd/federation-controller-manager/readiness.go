package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// readiness asks the federation API whether it serves what controllers need. It
// does not depend on who leads: an instance that waits for its turn is ready.
type readiness struct {
	api rest.Interface
	log logr.Logger

	patience time.Duration // how long a yes is waited for after a no

	began atomic.Bool // whether the manager has started
	was   atomic.Bool // what the last answer was

	mu   sync.Mutex
	told string
}

const (
	readyPatience = 3 * time.Second // less than the probe's own
	readyInterval = 50 * time.Millisecond
)

var errNotBegun = errors.New("waiting until the federation API has its base objects")

// begin says that the manager starts.
func (r *readiness) begin() { r.began.Store(true) }

func newReadiness(config *rest.Config, log logr.Logger) (*readiness, error) {
	config = rest.CopyConfig(config)
	config.Timeout = 3 * time.Second // a probe's patience is short
	config.QPS = -1                  // probes do not stand in line behind controllers
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("set up a client of the federation API: %w", err)
	}
	return &readiness{api: client.RESTClient(), log: log, patience: readyPatience}, nil
}

// check is a healthz.Checker. The answer to a probe has no reason in it, so it logs
// when that changes. After a "no", and at first, the next one is held back for a while: a
// kubelet asks once a second at most, and learns at once of an answer that it waits for.
func (r *readiness) check(req *http.Request) error {
	err := r.ask(req.Context())
	for end := time.Now().Add(r.patience); err != nil && !r.was.Load() && time.Now().Before(end) && req.Context().Err() == nil; {
		select {
		case <-req.Context().Done():
		case <-time.After(readyInterval):
			err = r.ask(req.Context())
		}
	}
	r.was.Store(err == nil)
	now := "ready"
	if err != nil {
		now = err.Error()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case now == r.told:
	case err != nil:
		r.log.Info("Not ready", "reason", now)
	default:
		r.log.Info("Ready")
	}
	r.told = now
	return err
}

func (r *readiness) ask(ctx context.Context) error {
	if !r.began.Load() {
		return errNotBegun
	}
	var served metav1.APIResourceList
	path := "/apis/" + fedv1beta1.SchemeGroupVersion.String()
	if err := r.api.Get().AbsPath(path).Do(ctx).Into(&served); err != nil {
		return fmt.Errorf("ask the federation API for %s: %w", fedv1beta1.SchemeGroupVersion, err)
	}
	for _, resource := range served.APIResources {
		if resource.Kind == "Cluster" {
			return nil
		}
	}
	return fmt.Errorf("the federation API does not serve Clusters of %s", fedv1beta1.SchemeGroupVersion)
}
