package shape

import "k8s.io/apimachinery/pkg/types"

// Share is what one member gets of the fields that are divided among members. A nil field is not applied.
type Share struct {
	Replicas                 *int32
	Parallelism, Completions *int32
	MinReplicas, MaxReplicas *int32
}

// Precondition is what must hold in the member for an apply to succeed.
type Precondition struct {
	// UID of the object that is there. Empty: there is none, so that nothing that is there is touched.
	UID types.UID
}

// Marks tell whose copy an object is.
type Marks struct {
	Federation    string
	FederationUID types.UID
}
