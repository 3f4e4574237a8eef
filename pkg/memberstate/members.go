// Package memberstate is what the annotation AnnotationMembers of an object in the federation API says: how it stands with the object in members.
// The controller manager writes it; programs read it.
package memberstate

import (
	"encoding/json"
	"fmt"
	"maps"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// MostMembers is how many members AnnotationMembers names. What others there are is counted under the name "".
const MostMembers = 200

// How a Job's part ended in a member, as Member.Finished says.
const (
	FinishedComplete = "Complete"
	FinishedFailed   = "Failed"
)

// State is how it stands with an object in a member. Package delivery has the values.
type State string

// Members is what AnnotationMembers says, by the names of members. Of a kind that is divided it has every member with a share; of others
// those where not all is plainly as it should be.
type Members map[string]Member

// Member is how it stands with the object in one member.
type Member struct {
	// Wanted is what the member shall have: replicas, those on top of the total among them; completions, or the parallelism of a Job whose
	// completions nobody counts; the maximum of an autoscaler. 0 for kinds that are not divided.
	Wanted int32 `json:"wanted,omitempty"`
	// Ready is how much of it is there: ready replicas; pods of a Job that are ready or have succeeded; what an autoscaler runs.
	Ready int32 `json:"ready,omitempty"`
	// State is "" while all is well and there is no Message.
	State   State  `json:"state,omitempty"`
	Message string `json:"message,omitempty"`
	// Finished is how the part of a Job ended in the member: FinishedComplete, FinishedFailed, or "" while it has not.
	Finished string `json:"finished,omitempty"`
	// More is how many members are not named; under the name "" only.
	More int `json:"more,omitempty"`
}

// Of reads AnnotationMembers. Annotations without it have none; an error says that somebody else wrote it.
func Of(annotations map[string]string) (Members, error) {
	text, ok := annotations[fedv1beta1.AnnotationMembers]
	if !ok {
		return nil, nil
	}
	var m Members
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return nil, fmt.Errorf("annotation %s: %w", fedv1beta1.AnnotationMembers, err)
	}
	return m, nil
}

// Unfinished is what it says but for how parts of a Job ended: of a Job without a status, nothing of which has begun, somebody has copied that
// from another object.
func (m Members) Unfinished() Members {
	all := maps.Clone(m)
	for name, x := range all {
		x.Finished = ""
		all[name] = x
	}
	return all
}

// Encode is the text of the annotation, in the order of the names; "" if there is nothing to say.
func (m Members) Encode() string {
	if len(m) == 0 {
		return ""
	}
	text, _ := json.Marshal(m) // strings and numbers can always be encoded
	return string(text)
}
