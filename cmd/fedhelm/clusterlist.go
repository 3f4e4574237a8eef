package main

import (
	"cmp"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/roster"
)

// clusterList is the result of the command. docs/operations.md has its fields: they stay.
type clusterList struct {
	Federation string    `json:"federation"`
	Namespace  string    `json:"namespace"`         // of the host cluster
	Problem    string    `json:"problem,omitempty"` // why the federation API was not asked
	Clusters   []cluster `json:"clusters"`
}

// cluster is one line of the list. Of what is not known the field is missing.
type cluster struct {
	Name       string            `json:"name"`
	State      roster.State      `json:"state"`
	Reason     string            `json:"reason,omitempty"`  // of a state that is not Ready
	Message    string            `json:"message,omitempty"` // likewise
	Region     string            `json:"region,omitempty"`
	Zones      []string          `json:"zones"`
	Version    string            `json:"version,omitempty"`
	Nodes      *int32            `json:"nodes,omitempty"`
	UID        string            `json:"uid,omitempty"`
	Server     string            `json:"server,omitempty"`
	Secret     string            `json:"secret,omitempty"` // of the host cluster
	Credential clusterCredential `json:"credential"`
	Labels     map[string]string `json:"labels,omitempty"`
	Created    *time.Time        `json:"created,omitempty"` // when it was registered; of what is not, when its Secret was made
}

// clusterCredential is how the federation's credential for a member stands.
type clusterCredential struct {
	Valid   string     `json:"valid"` // True, False or Unknown
	Reason  string     `json:"reason,omitempty"`
	Message string     `json:"message,omitempty"`
	Expires *time.Time `json:"expires,omitempty"` // missing: never, or not known
}

// ofMember makes a line of a member. asked tells whether the federation API was.
func ofMember(m *roster.Member, asked bool) cluster {
	line := cluster{Name: m.Name, State: m.State(asked), Zones: []string{}, Credential: clusterCredential{Valid: string(metav1.ConditionUnknown)}}
	for _, secret := range m.Secrets {
		line.Secret = cmp.Or(line.Secret, secret.Name)
		if line.Created == nil && !secret.Created.IsZero() {
			line.Created = ptr.To(secret.Created.UTC())
		}
	}
	if line.State == roster.HalfJoined {
		line.Reason, line.Message = "NotRegistered", "the federation API has no Cluster of that name; run fedhelm join or fedhelm unjoin again"
	}
	if m.Cluster != nil {
		line.register(m)
	}
	return line
}

// register adds what the federation API has of the member.
func (c *cluster) register(m *roster.Member) {
	spec, status := m.Cluster.Spec, m.Cluster.Status
	c.Created = ptr.To(m.Cluster.CreationTimestamp.UTC())
	c.Region, c.Version, c.Nodes, c.UID = status.Region, status.KubernetesVersion, status.Nodes, string(status.UID)
	c.Zones = append(c.Zones, status.Zones...)
	c.Labels = m.Cluster.Labels
	if len(spec.ServerAddressByClientCIDRs) > 0 {
		c.Server = spec.ServerAddressByClientCIDRs[0].ServerAddress
	}
	if spec.SecretRef != nil {
		c.Secret = spec.SecretRef.Name
	}
	if ready := m.Condition(fedv1beta1.ClusterReady); ready != nil && ready.Status != metav1.ConditionTrue {
		c.Reason, c.Message = ready.Reason, ready.Message
	}
	if c.State == roster.Leaving {
		c.Reason, c.Message = "Leaving", "it is on its way out of the federation; fedhelm unjoin goes on with it"
	}
	if valid := m.Condition(fedv1beta1.ClusterCredentialValid); valid != nil {
		c.Credential = clusterCredential{Valid: string(valid.Status), Reason: valid.Reason, Message: valid.Message}
	}
	if status.Credential != nil && status.Credential.ExpirationTime != nil {
		c.Credential.Expires = ptr.To(status.Credential.ExpirationTime.UTC())
	}
}
