package state

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// Snapshot is all that is known of an object of the federation API at one moment, as its state is made from it.
type Snapshot struct {
	Kind            kinds.Kind
	Key             delivery.Key
	UID             types.UID
	ResourceVersion string
	Generation      int64
	Deleting        bool
	Share           shape.Share       // the whole that is divided, as the object asks for it
	Annotations     map[string]string // AnnotationPropagation and AnnotationMembers as they are
	Status          json.RawMessage   // as it is
	Helm            bool              // Helm manages it
	Problem         string            // why nothing is placed, such as a malformed annotation
	Malformed       bool              // the Problem is with the object itself, not with an annotation
	// Touched says that the object was changed since this process began. What was written of a member that has not answered since then
	// holds for an object that was not.
	Touched bool
	Notes   []string // of the plan
	Parts   []Part   // by name of the member
}

// Part is how it stands with the object in one member. A Job that went before is no copy of this one: where this one shall be, there is none
// until it is made anew; elsewhere it is a copy without a status.
type Part struct {
	Member    string
	Selected  bool // by the plan; otherwise it is a copy that shall go
	Reachable bool
	Unproven  bool        // the member was never Ready, so it has nothing
	Wanted    shape.Share // what the plan gives it
	// WantedHash is the Hash of the Report and of its Copy when the member has what it shall have now: that of template and share. It is ""
	// for a part that is not selected.
	WantedHash string
	Pending    int32 // of the wanted replicas, those on top of the total
	delivery.Report
}
