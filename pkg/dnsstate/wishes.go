package dnsstate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// Limits of AnnotationDNSTTL.
const (
	ShortestTTL = time.Second
	LongestTTL  = 24 * time.Hour
)

// Published tells whether a Service that goes into members is to have names there: it is of type LoadBalancer, or says where its addresses come from.
func Published(s *corev1.Service) bool {
	from, says := s.Annotations[fedv1beta1.AnnotationDNSAddresses]
	return (says || s.Spec.Type == corev1.ServiceTypeLoadBalancer) && from != fedv1beta1.DNSAddressesNone
}

// TTL is that of a Service's records in seconds, as its annotation AnnotationDNSTTL says, or else by default. With an error, too, it is the default.
func TTL(annotations map[string]string, byDefault uint32) (uint32, error) {
	text, ok := annotations[fedv1beta1.AnnotationDNSTTL]
	if !ok {
		return byDefault, nil
	}
	ttl, err := time.ParseDuration(text)
	if seconds, notANumber := strconv.ParseUint(text, 10, 32); notANumber == nil {
		ttl, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || ttl < ShortestTTL || ttl > LongestTTL || ttl%time.Second != 0 {
		return byDefault, fmt.Errorf("annotation %s: %q is no whole number of seconds from 1s to 24h, such as 30 or 30s", fedv1beta1.AnnotationDNSTTL, text)
	}
	return uint32(ttl / time.Second), nil
}

// Drains are the members that AnnotationDNSDrain of a Service takes out of its names, sorted, each once.
func Drains(annotations map[string]string) []string {
	var members []string
	for member := range strings.SplitSeq(annotations[fedv1beta1.AnnotationDNSDrain], ",") {
		if member = strings.TrimSpace(member); member != "" {
			members = append(members, member)
		}
	}
	slices.Sort(members)
	return slices.Compact(members)
}

// StrayDrains says which of Drains are no members, so that they drain nobody; "" if all are.
func StrayDrains(drains []string, known func(member string) bool) string {
	strays := slices.DeleteFunc(slices.Clone(drains), func(name string) bool { return name == fedv1beta1.DNSDrainAll || known(name) })
	if len(strays) == 0 {
		return ""
	}
	are := "which is no member of the federation"
	if len(strays) > 1 {
		are = "which are no members of the federation"
	}
	return fmt.Sprintf("annotation %s drains %s, %s: see fedhelm clusters", fedv1beta1.AnnotationDNSDrain, strings.Join(strays, ", "), are)
}

// DrainedBy tells whether a Service's own annotation takes the member out of its names.
func DrainedBy(annotations map[string]string, member string) bool {
	drains := Drains(annotations)
	return slices.Contains(drains, member) || slices.Contains(drains, fedv1beta1.DNSDrainAll)
}

// DrainedCluster tells whether the annotations of a Cluster take it out of all names.
func DrainedCluster(annotations map[string]string) bool {
	return annotations[fedv1beta1.AnnotationDNSDrain] == "true"
}
