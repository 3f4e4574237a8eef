package join

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/preflight"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

// register makes the cluster known to the federation, and waits until that reaches it.
func (r *joinRun) register(ctx context.Context) error {
	step := r.Progress.Start("Registering cluster " + r.Name)
	defer step.Fail()
	wanted := r.wantedCluster()
	applied, err := r.Federation.Clusters.Apply(ctx, wanted)
	if err != nil {
		return fmt.Errorf("apply Cluster %q in federation %q: %w", r.Name, r.Federation.Name, err)
	}
	r.done.changed = r.done.changed || r.cluster == nil || r.cluster.Generation != applied.Generation ||
		!maps.Equal(r.cluster.Labels, applied.Labels) || !maps.Equal(r.cluster.Annotations, applied.Annotations)
	if err := r.alone(ctx, applied); err != nil {
		return err
	}
	step.Done()
	step = r.Progress.Start("Waiting until the federation reaches " + r.Name)
	defer step.Fail()
	r.done.cluster, err = r.waitReady(ctx, applied, step)
	if err != nil {
		return err
	}
	r.waiting = ""
	step.Done()
	return nil
}

// alone makes sure that the cluster did not become a member under another name at the same time, which no lock keeps it from. The
// younger gives way, and leaves to the other what they share in the member, by the other's name.
func (r *joinRun) alone(ctx context.Context, applied *fedv1beta1.Cluster) error {
	if r.cluster != nil {
		return nil
	}
	all, err := r.Federation.Clusters.List(ctx)
	if err != nil {
		return fmt.Errorf("list the Clusters of federation %q: %w", r.Federation.Name, err)
	}
	for i := range all.Items {
		c := &all.Items[i]
		if c.Name == r.Name || preflight.ClusterUID(c) != string(r.uid) || younger(c, applied) {
			continue
		}
		r.absent = slices.DeleteFunc(r.absent, func(part string) bool { return part == partRelease || part == partNamespace })
		err := fmt.Errorf("the cluster of context %q came into federation %q as %q at the same time; use that name", r.Member.Context, r.Federation.Name, c.Name)
		if applyErr := r.applyRelease(ctx, c.Name); applyErr != nil {
			err = fmt.Errorf("%w, and run for it: fedhelm join %s --refresh (its release could not be given its name back: %w)", err, c.Name, applyErr)
		}
		return setup.Refused(err)
	}
	return nil
}

func younger(a, b *fedv1beta1.Cluster) bool {
	return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), strings.Compare(a.Name, b.Name)) > 0
}

// wantedCluster is the registration.
func (r *joinRun) wantedCluster() *fedv1beta1.Cluster {
	c := &fedv1beta1.Cluster{
		TypeMeta: metav1.TypeMeta{APIVersion: fedv1beta1.SchemeGroupVersion.String(), Kind: "Cluster"},
		ObjectMeta: metav1.ObjectMeta{
			Name:        r.Name,
			Labels:      map[string]string{},
			Annotations: annotations(r.Federation.Ref, r.Name),
		},
		Spec: fedv1beta1.ClusterSpec{
			ServerAddressByClientCIDRs: []fedv1beta1.ServerAddressByClientCIDR{{ServerAddress: r.endpoint.URL}},
			SecretRef:                  &fedv1beta1.SecretReference{Name: r.secretName},
		},
	}
	c.Annotations[fedv1beta1.AnnotationClusterUID] = string(r.uid)
	if r.Labels != nil {
		maps.Copy(c.Labels, r.Labels)
	} else if r.cluster != nil {
		maps.Copy(c.Labels, ownLabels(r.cluster))
	}
	c.Labels[federation.LabelPartOf], c.Labels[federation.LabelManagedBy] = federation.PartOf, federation.ManagedBy
	return c
}

// ownLabels are those that an earlier join gave the Cluster: others may have given it more, and theirs are not ours to write.
func ownLabels(c *fedv1beta1.Cluster) map[string]string {
	own := map[string]string{}
	for _, entry := range c.ManagedFields {
		if entry.Manager != fieldManager || entry.Operation != metav1.ManagedFieldsOperationApply || entry.FieldsV1 == nil {
			continue
		}
		var fields struct {
			Metadata struct {
				Labels map[string]any `json:"f:labels"`
			} `json:"f:metadata"`
		}
		if err := json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields); err != nil {
			continue // nobody but the API server writes this
		}
		for field := range fields.Metadata.Labels {
			if key, isKey := strings.CutPrefix(field, "f:"); isKey {
				own[key] = c.Labels[key]
			}
		}
	}
	return own
}
