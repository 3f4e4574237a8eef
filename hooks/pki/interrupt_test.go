package pki

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/hooks/internal/fakehost"
	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
)

// complete checks that every Secret is there and that all fit together.
func complete(t *testing.T, w *world) {
	t.Helper()
	for _, which := range secrets.MadeByHooks() {
		if which != secrets.Kubeconfig {
			w.data(which)
		}
	}
	mutualTrust(t, w.now, w)
	if !bytes.Equal(w.data(secrets.APIServer)["sa.key"], w.data(secrets.KubeControllerManager)["sa.key"]) {
		t.Error("API server and controllers have different keys for tokens")
	}
}

// interrupted runs the hook so that one write fails, and again without failure,
// for each write; after tells what must hold then.
func interrupted(t *testing.T, prepare func(*testing.T) *world, after func(*testing.T, *world)) {
	t.Helper()
	for _, late := range []bool{false, true} {
		for k := 1; ; k++ {
			w := prepare(t)
			w.secrets.Writes, w.secrets.FailWrite, w.secrets.Late = 0, k, late
			err := Run(t.Context(), w.options())
			if w.secrets.Writes < k { // there was no k-th write
				if k == 1 {
					t.Fatal("nothing was written at all")
				}
				break
			}
			t.Run(fmt.Sprintf("write %d fails, done all the same: %t", k, late), func(t *testing.T) {
				if !errors.Is(err, fakehost.ErrInjected) {
					t.Fatalf("Run = %v", err)
				}
				authority := w.secrets.All()["fellowship-ca"]
				w.secrets.FailWrite = 0
				w.t = t
				w.run()
				complete(t, w)
				if authority != nil && !bytes.Equal(authority.Data["ca.crt"], w.data(secrets.CA)["ca.crt"]) {
					t.Error("the second run replaced the authority of the first")
				}
				after(t, w)
			})
		}
	}
}

func TestInterruptedInstallIsCompletedByTheNextRun(t *testing.T) {
	interrupted(t, newWorld, func(*testing.T, *world) {})
}

func TestInterruptedRenewalIsCompletedByTheNextRun(t *testing.T) {
	interrupted(t, func(t *testing.T) *world {
		t.Helper()
		w := installed(t)
		w.now = w.now.Add(300 * oneDay)
		return w
	}, func(t *testing.T, w *world) {
		t.Helper()
		for _, which := range []string{secrets.APIServer, secrets.Etcd} {
			if made := w.cert(which, "server.crt").NotBefore; w.now.Sub(made) > time.Hour {
				t.Errorf("the certificate in %s is still that of %s", which, made)
			}
		}
	})
}

func TestRunsAtTheSameTimeAgree(t *testing.T) {
	w := newWorld(t)
	var (
		group  sync.WaitGroup
		errs   = make([]error, 4)
		starts = make(chan struct{})
	)
	for i := range errs {
		o := w.options()
		o.Out = nil
		group.Go(func() {
			<-starts
			errs[i] = Run(t.Context(), o)
		})
	}
	close(starts)
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	complete(t, w)
	before := w.secrets.Writes
	w.run()
	if w.secrets.Writes != before {
		t.Error("they did not leave what one of them would have: a further run had to write")
	}
}
