//go:build integration

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/fedhelm/fedhelm/pkg/testutil/apiserver"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/process"
)

func TestIntegrationBootstrapKeepsWhatItApplies(t *testing.T) {
	server := apiserver.Start(t)
	done := filepath.Join(t.TempDir(), "done")
	hook := process.Start(t, process.Build(t, "federation-hook"), "bootstrap", "--federation=fellowship", "--namespace=federation-system",
		"--kubeconfig="+server.Kubeconfig(t, "bootstrap", "system:masters"), "--done-file="+done, "--keep-every=300ms")
	eventually.Do(t, 30*time.Second, "the file that tells of the end", func() error {
		_, err := os.Stat(done)
		return err
	})
	roles := kubernetes.NewForConfigOrDie(server.Admin(t)).RbacV1().ClusterRoles()
	const name = "federation:controller-manager"
	restored := func() {
		t.Helper()
		eventually.Do(t, 20*time.Second, name+" to be there", func() error {
			_, err := roles.Get(t.Context(), name, metav1.GetOptions{})
			return err
		})
	}
	if _, err := roles.Get(t.Context(), name, metav1.GetOptions{}); err != nil {
		t.Fatalf("the file is there before all is applied: %v", err)
	}
	if err := roles.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	restored()

	says := func(what string) {
		t.Helper()
		eventually.Do(t, 20*time.Second, "it to say "+what, func() error {
			if !strings.Contains(hook.Output(), what) {
				return fmt.Errorf("it says %q", hook.Output())
			}
			return nil
		})
	}
	says(`applied anew: ClusterRole "` + name + `" was gone`)
	server.Stop()
	says("trying again: look for ")
	server.Restart()
	if err := roles.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	restored()

	// What another version applied since stays, as long as both are there.
	role, err := roles.Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	role.Rules = role.Rules[:1]
	if _, err := roles.Update(t.Context(), role, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // three looks
	if role, err = roles.Get(t.Context(), name, metav1.GetOptions{}); err != nil || len(role.Rules) != 1 {
		t.Errorf("it has %d rules (%v), want the one that was left", len(role.Rules), err)
	}

	hook.Signal(syscall.SIGTERM)
	if code := hook.ExitCode(t, 10*time.Second); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
	if n := strings.Count(hook.Output(), "base objects"); n != 1 {
		t.Errorf("it says %d times that all is applied", n)
	}
	if _, err := os.Stat(done); errors.Is(err, os.ErrNotExist) {
		t.Error("the file is gone")
	}
}
