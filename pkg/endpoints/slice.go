package endpoints

import (
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/fedhelm/fedhelm/pkg/listwatch"
)

// slice is as much of an EndpointSlice as is read.
type slice struct {
	Metadata struct {
		Namespace       string            `json:"namespace"`
		Name            string            `json:"name"`
		ResourceVersion string            `json:"resourceVersion"`
		Labels          map[string]string `json:"labels"`
	} `json:"metadata"`
	Endpoints []struct {
		Conditions struct {
			Ready *bool `json:"ready"`
		} `json:"conditions"`
	} `json:"endpoints"`
	listwatch.Failure
}

// service is the name of the Service that it is of; "" if it is of none.
func (s *slice) service() string { return s.Metadata.Labels[discoveryv1.LabelServiceName] }

// ready counts the endpoints that can be sent something. One that does not say is one.
func (s *slice) ready() int {
	n := 0
	for i := range s.Endpoints {
		if ready := s.Endpoints[i].Conditions.Ready; ready == nil || *ready {
			n++
		}
	}
	return n
}
