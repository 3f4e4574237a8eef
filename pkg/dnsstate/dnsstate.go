// Package dnsstate is what the annotations of a Service in the federation API say of its names: what users ask for, and what came of it. The latter,
// AnnotationDNS, says which members its names lead to, and why not to the others: the controller manager writes it, and reads it again after a
// start; fedhelm dns computes the names from it.
package dnsstate

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
)

// Reason is why a member does not back a Service: the first of them that holds, in this order.
type Reason string

// The reasons.
const (
	// NotPlaced: the Service is not wanted in the member, or its copy is not there.
	NotPlaced Reason = "NotPlaced"
	// Drained: the Cluster or the Service is annotated so.
	Drained Reason = "Drained"
	// Offline: the member has not been ready for longer than the grace.
	Offline Reason = "Offline"
	// NoAddress: the member has no address for the Service.
	NoAddress Reason = "NoAddress"
	// NoReadyEndpoints: nothing in the member is ready to serve it.
	NoReadyEndpoints Reason = "NoReadyEndpoints"
)

// Members is what AnnotationDNS says, by the names of members.
type Members map[string]Member

// Member is how it stands with the Service in one member.
type Member struct {
	// Addresses are those of the member, also while it does not back the Service; sorted.
	Addresses []netip.Addr `json:"addresses,omitempty"`
	// Hostname is its only address, where that is published as such.
	Hostname string `json:"hostname,omitempty"`
	// Out is why it does not back the Service; "": it does.
	Out Reason `json:"out,omitempty"`
}

// Backs tells whether the Service's names lead to the member.
func (m Member) Backs() bool { return m.Out == "" && (len(m.Addresses) > 0 || m.Hostname != "") }

// Of reads AnnotationDNS. Annotations without it have none; an error says that somebody else wrote it.
func Of(annotations map[string]string) (Members, error) {
	text, ok := annotations[fedv1beta1.AnnotationDNS]
	if !ok {
		return nil, nil
	}
	var m Members
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return nil, fmt.Errorf("annotation %s: %w", fedv1beta1.AnnotationDNS, err)
	}
	return m, nil
}

// Encode is the text of the annotation, in the order of the names; "" if there is nothing to say.
func (m Members) Encode() string {
	if len(m) == 0 {
		return ""
	}
	text, _ := json.Marshal(m) // texts and addresses can always be encoded
	return string(text)
}

// Backends are the members that back the Service, sorted by name.
func (m Members) Backends() []dns.Backend {
	var backends []dns.Backend
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if member := m[name]; member.Backs() {
			backends = append(backends, dns.Backend{Member: name, Addresses: member.Addresses, Hostname: member.Hostname})
		}
	}
	return backends
}
