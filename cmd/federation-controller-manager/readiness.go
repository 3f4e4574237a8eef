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
	"github.com/fedhelm/fedhelm/pkg/held"
)

// readiness asks the federation API whether it serves what controllers need. It
// does not depend on who leads: an instance that waits for its turn is ready.
type readiness struct {
	api rest.Interface
	log logr.Logger

	began atomic.Bool // whether the manager has started
	held  held.Readiness

	mu   sync.Mutex
	told string
}

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
	return &readiness{api: client.RESTClient(), log: log, held: held.Readiness{Patience: held.Patience}}, nil
}

// check is a healthz.Checker. The answer to a probe has no reason in it, so it logs
// when that changes.
func (r *readiness) check(req *http.Request) (err error) {
	r.held.Look(req.Context(), func(ctx context.Context) bool {
		err = r.ask(ctx)
		return err == nil
	})
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
