package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
)

// readyLimit is how long a Cluster is waited for.
const readyLimit = 30 * time.Second

// registrar registers Clusters by hand: a Secret, a Role that lets it be read, and the Cluster.
type registrar struct {
	host kubernetes.Interface
	api  *federation.API
	ref  federation.Ref

	joined string // the member that the others are copies of
	spec   fedv1beta1.ClusterSpec
	secret *corev1.Secret
	names  []string // of those registered
}

// learn takes the address and the credential of a member that was joined.
func (r *registrar) learn(ctx context.Context, member string) error {
	cluster, err := r.api.Get(ctx, member)
	if err != nil {
		return err
	}
	r.joined, r.spec = member, cluster.Spec
	r.secret, err = r.host.CoreV1().Secrets(r.ref.Namespace).Get(ctx, cluster.Spec.SecretRef.Name, metav1.GetOptions{})
	return err
}

// floor measures the least that a registration takes: the member is asked once, over a new connection, and the federation's API
// writes a Cluster once.
func (r *registrar) floor(ctx context.Context, mark string) (time.Duration, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(r.secret.Data["ca.crt"]) {
		return 0, fmt.Errorf("no authority in Secret %q", r.secret.Name)
	}
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, ServerName: string(r.secret.Data["tls-server-name"]), MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true, // as clients of Kubernetes do
	}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.spec.ServerAddressByClientCIDRs[0].ServerAddress+"/readyz", nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+string(r.secret.Data["token"]))

	start := time.Now()
	resp, err := (&http.Client{Transport: transport, Timeout: readyLimit}).Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if said, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return 0, errors.Join(err, fmt.Errorf("the member says %s: %s", resp.Status, said))
	}
	if _, err := r.api.Annotate(ctx, r.joined, fedv1beta1.GroupName+"/bench", mark); err != nil {
		return 0, err
	}
	return time.Since(start), nil
}

// register measures from the request that creates the Cluster until the federation API says that it is Ready.
func (r *registrar) register(ctx context.Context, name string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	if err := r.store(ctx, name); err != nil {
		return 0, err
	}
	changes, err := r.api.Watch(ctx, name)
	if err != nil {
		return 0, err
	}
	defer changes.Stop()
	spec := *r.spec.DeepCopy()
	spec.SecretRef = &fedv1beta1.SecretReference{Name: r.ref.MemberObject(name)}
	start := time.Now()
	r.names = append(r.names, name)
	if _, err := r.api.Apply(ctx, &fedv1beta1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}); err != nil {
		return 0, err
	}
	var last fedv1beta1.ClusterStatus
	for change := range changes.ResultChan() {
		cluster, ok := change.Object.(*fedv1beta1.Cluster)
		if !ok {
			continue
		}
		if last = cluster.Status; meta.IsStatusConditionTrue(last.Conditions, fedv1beta1.ClusterReady) {
			return time.Since(start), nil
		}
	}
	return 0, fmt.Errorf("it is not Ready after %s: %+v", readyLimit, last.Conditions)
}

// store makes the Secret of a member, and lets the controller manager read it.
func (r *registrar) store(ctx context.Context, name string) error {
	of := metav1.ObjectMeta{Name: r.ref.MemberObject(name), Labels: r.ref.MemberLabels(name)}
	if _, err := r.host.RbacV1().Roles(r.ref.Namespace).Create(ctx, &rbacv1.Role{ObjectMeta: of, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{of.Name}, Verbs: []string{"get", "list", "watch", "update", "patch"},
	}}}, metav1.CreateOptions{}); err != nil {
		return err
	}
	if _, err := r.host.RbacV1().RoleBindings(r.ref.Namespace).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: of, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: of.Name},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: r.ref.ControllerManager(), Namespace: r.ref.Namespace}},
	}, metav1.CreateOptions{}); err != nil {
		return err
	}
	_, err := r.host.CoreV1().Secrets(r.ref.Namespace).Create(ctx, &corev1.Secret{ObjectMeta: of, Data: r.secret.Data}, metav1.CreateOptions{})
	return err
}

// remove takes all that were registered out again.
func (r *registrar) remove(ctx context.Context) error {
	errs := make([]error, 0, 4*len(r.names))
	for _, name := range r.names {
		object, gone := r.ref.MemberObject(name), metav1.DeleteOptions{}
		errs = append(errs, r.api.Delete(ctx, name),
			r.host.CoreV1().Secrets(r.ref.Namespace).Delete(ctx, object, gone),
			r.host.RbacV1().RoleBindings(r.ref.Namespace).Delete(ctx, object, gone),
			r.host.RbacV1().Roles(r.ref.Namespace).Delete(ctx, object, gone))
	}
	return errors.Join(errs...)
}
