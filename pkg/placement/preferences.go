package placement

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const preferencesExample = `{"rebalance":true,"clusters":{"gondor":{"minReplicas":2,"maxReplicas":10,"weight":2},"*":{"weight":1}}}`

// Preferences say how the user wants replicas divided among members. The zero value wants none anywhere;
// DefaultPreferences are those of an object that says nothing.
type Preferences struct {
	// Rebalance lets replicas that have found their place be moved, to come nearer to the preferences.
	Rebalance bool
	// Clusters has a Preference by the name of a member; that of "*" is for all members without their own.
	// A member with neither gets no replicas.
	Clusters map[string]Preference
}

// Preference is how many replicas the user wants in one member.
type Preference struct {
	Min    int32  // what the member gets before any weight counts
	Max    *int32 // nil: no limit
	Weight int32  // its part of the replicas that are left when every member has its minimum
}

// DefaultPreferences divide replicas equally among all members, and leave them where they are.
func DefaultPreferences() Preferences {
	return Preferences{Clusters: map[string]Preference{"*": {Weight: 1}}}
}

// PreferencesOf reads the preferences that the object has in the annotation of that name, one of the Preferences annotations of
// federation v1. Without the annotation, or with one that says nothing of clusters, replicas are divided as by
// DefaultPreferences. A malformed annotation is an error that wraps ErrMalformed.
func PreferencesOf(o metav1.Object, annotation string) (Preferences, error) {
	value, ok := o.GetAnnotations()[annotation]
	if !ok {
		return DefaultPreferences(), nil
	}
	p, err := parsePreferences(value)
	if err != nil {
		return Preferences{}, malformed(o, annotation, err, preferencesExample)
	}
	return p, nil
}

func parsePreferences(value string) (Preferences, error) {
	var read struct {
		Rebalance bool `json:"rebalance"`
		Clusters  map[string]struct {
			MinReplicas int64  `json:"minReplicas"`
			MaxReplicas *int64 `json:"maxReplicas"`
			Weight      int64  `json:"weight"`
		} `json:"clusters"`
	}
	if err := decodeStrict(value, &read); err != nil {
		return Preferences{}, err
	}
	if read.Clusters == nil {
		p := DefaultPreferences()
		p.Rebalance = read.Rebalance
		return p, nil
	}
	p := Preferences{Rebalance: read.Rebalance, Clusters: make(map[string]Preference, len(read.Clusters))}
	var errs []error
	number := func(cluster, name string, n int64) int32 {
		if n < 0 || n > math.MaxInt32 {
			errs = append(errs, fmt.Errorf("clusters.%s.%s is %d, which is not between 0 and %d", cluster, name, n, math.MaxInt32))
			return 0
		}
		return int32(n)
	}
	for _, name := range slices.Sorted(maps.Keys(read.Clusters)) {
		c := read.Clusters[name]
		preference := Preference{Min: number(name, "minReplicas", c.MinReplicas), Weight: number(name, "weight", c.Weight)}
		if c.MaxReplicas != nil {
			limit := number(name, "maxReplicas", *c.MaxReplicas)
			if preference.Max = &limit; c.MinReplicas > *c.MaxReplicas {
				errs = append(errs, fmt.Errorf("clusters.%s.minReplicas is %d, more than its maxReplicas %d", name, c.MinReplicas, *c.MaxReplicas))
			}
		}
		p.Clusters[name] = preference
	}
	return p, errors.Join(errs...)
}

// of is the preference for a member; own says that it is the member's alone.
func (p Preferences) of(member string) (preference Preference, own, ok bool) {
	if preference, ok = p.Clusters[member]; ok {
		return preference, true, true
	}
	preference, ok = p.Clusters["*"]
	return preference, false, ok
}
