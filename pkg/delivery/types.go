package delivery

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/memberstate"
	"github.com/fedhelm/fedhelm/pkg/shape"
)

// Key names an object, by the same name in the federation API and in members.
type Key struct {
	Kind            kinds.ID
	Namespace, Name string
}

// String is KIND/NAMESPACE/NAME, or KIND/NAME.
func (k Key) String() string {
	if k.Namespace == "" {
		return string(k.Kind) + "/" + k.Name
	}
	return string(k.Kind) + "/" + k.Namespace + "/" + k.Name
}

// Action is what shall become of a copy.
type Action int

const (
	// Leave does nothing: what shall be is not known.
	Leave Action = iota
	// Present makes the copy what the template says.
	Present
	// Absent deletes the copy.
	Absent
	// Release takes the marks off the copy, which stays.
	Release
	// Unsourced says that there is no source, and that nobody saw it being deleted.
	Unsourced
)

// Wish is what a member shall hold under a key.
type Wish struct {
	Action   Action
	Source   types.UID
	Template *shape.Template // of Present
	Share    shape.Share
	// Scaled says that an autoscaler of the federation scales it: its replicas are given up once another manager owns them.
	Scaled bool
	// Unscaled says that no autoscaler scales it any more: replicas that one has left behind in the member are taken back.
	Unscaled bool
	// Adopt takes over what is there under the name.
	Adopt bool
	// Recreate deletes the copy and makes it anew when a change is refused because a field is immutable.
	Recreate bool
	// Done says that it is a Job that has finished in this member: it is not made again.
	Done bool
}

// Priority is how urgent a look at a key is.
type Priority int

const (
	// Recheck is for what is probably right already.
	Recheck Priority = iota
	// User is for what somebody has just changed.
	User
)

// State is how it stands with a key in a member.
type State = memberstate.State

// States. The empty one says that the key was not looked at yet.
const (
	Synced      State = "Synced"      // the copy is as wished
	Used        State = "Used"        // a namespace that was there before: used as it is
	Pending     State = "Pending"     // to be done
	Conflict    State = "Conflict"    // an object that is not ours has the name
	Contested   State = "Contested"   // somebody in the member changes our fields again and again
	Rejected    State = "Rejected"    // the member refuses it
	Immutable   State = "Immutable"   // the member refuses to change a field
	NotServed   State = "NotServed"   // the member does not know the kind
	Forbidden   State = "Forbidden"   // we may not
	NoNamespace State = "NoNamespace" // its namespace is not in the member
	Throttled   State = "Throttled"   // the member asks us to wait
	Unreachable State = "Unreachable" // the member does not answer
	Terminating State = "Terminating" // the copy is being deleted
	Gone        State = "Gone"        // there is no copy, as wished
	Held        State = "Held"        // not deleted, since too many sources are missing at once
	Kept        State = "Kept"        // a namespace that is in use by others: released instead of deleted
	Finished    State = "Finished"    // a Job that finished, whose copy is gone
)

// Report is how it stands with one key in one member.
type Report struct {
	State   State
	Message string   // for people; empty while all is well
	Pruned  []string // paths of fields that the member does not know
	Hash    string   // of what was wished when the state was found
	Copy    *Copy    // nil: there is none. It is not changed any more
}

// Copy is what is kept of a member's object.
type Copy struct {
	UID, SourceUID types.UID
	Generation     int64
	Terminating    bool
	Hash           string
	Share          shape.Share     // that the object has now
	Status         json.RawMessage // of kinds with Status
	ExternalIPs    string          // of a Service, with commas between: the source's, or the member's own where it has none
	// Unschedulable counts pods that the member has had no room for, for longer than a minute. Waiting says for people why pods are not
	// ready. Both are looked at while the object is not ready.
	Unschedulable int32
	Waiting       string
	Unlooked      bool // it is not ready, and its pods were not looked at yet
}

// Standing is how an Agent is doing.
type Standing struct {
	Copies int // objects of ours in the member that are known
	Held   int // of them, those that are not deleted although they have no source
	Queued map[Priority]int
	Paused string // why nothing is done at the moment; "" if it is
}
