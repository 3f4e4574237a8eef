package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/metadata"

	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/printable"
	"github.com/fedhelm/fedhelm/pkg/topology"
)

// nodePage is how many nodes are asked for at once.
const nodePage = 500

// detail is what a member tells of itself. What it did not tell is zero, and missing says why.
type detail struct {
	version  string
	uid      types.UID
	topology *topology.Topology
	missing  []string
}

// lacks completes the sentence that says that the member is ready.
func (d *detail) lacks() string {
	if d == nil || len(d.missing) == 0 {
		return ""
	}
	return "; " + strings.Join(d.missing, "; ")
}

// inquire asks for all three at once. It takes no longer than timeout.
func inquire(ctx context.Context, m *members.Member, timeout time.Duration) *detail {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	d := &detail{}
	var errs [3]error
	var all sync.WaitGroup
	all.Go(func() { d.version, errs[0] = kubernetesVersion(ctx, m) })
	all.Go(func() { d.uid, errs[1] = clusterUID(ctx, m) })
	all.Go(func() { d.topology, errs[2] = nodes(ctx, m) })
	all.Wait()
	for i, what := range []string{"its version is", "the UID of its kube-system namespace is", "its nodes and their zones are"} {
		if err := errs[i]; err != nil {
			d.missing = append(d.missing, fmt.Sprintf("%s not known: %s", what, refusal(err, timeout)))
		}
	}
	return d
}

// refusal says why something was not to be had.
func refusal(err error, timeout time.Duration) string {
	var status apierrors.APIStatus
	switch {
	case apierrors.IsForbidden(err):
		return "the credential may not read it (403)"
	case errors.As(err, &status):
		return fmt.Sprintf("the member says %d", status.Status().Code)
	default:
		return plain(err, timeout)
	}
}

func kubernetesVersion(ctx context.Context, m *members.Member) (string, error) {
	var info version.Info
	raw, err := m.Client.Get().AbsPath("/version").Do(ctx).Raw()
	if err == nil {
		err = decodeJSON(raw, &info)
	}
	return printable.Line(info.GitVersion, longestVersion), err
}

func clusterUID(ctx context.Context, m *members.Member) (types.UID, error) {
	var ns corev1.Namespace
	err := m.Client.Get().AbsPath("/api/v1/namespaces", metav1.NamespaceSystem).Do(ctx).Into(&ns)
	return types.UID(printable.Line(string(ns.UID), longestUID)), err
}

// nodes asks for labels, and not for what else nodes have, which is much.
func nodes(ctx context.Context, m *members.Member) (*topology.Topology, error) {
	client, err := metadata.NewForConfig(m.Config)
	if err != nil {
		return nil, err
	}
	var census topology.Census
	for page := (metav1.ListOptions{Limit: nodePage}); ; {
		list, err := client.Resource(corev1.SchemeGroupVersion.WithResource("nodes")).List(ctx, page)
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			census.Count(list.Items[i].Labels)
		}
		if page.Continue = list.Continue; page.Continue == "" {
			found := census.Topology()
			return &found, nil
		}
	}
}

func decodeJSON(raw []byte, into any) error {
	if err := json.Unmarshal(raw, into); err != nil {
		return errors.New("its answer is no JSON")
	}
	return nil
}
