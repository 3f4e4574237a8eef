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
	Notes           []string          // of the plan
	Parts           []Part            // by name of the member
}

// Part is how it stands with the object in one member.
type Part struct {
	Member    string
	Selected  bool // by the plan; otherwise it is a copy that shall go
	Reachable bool
	Wanted    shape.Share // what the plan gives it
	Pending   int32       // of the wanted replicas, those on top of the total
	delivery.Report
}
