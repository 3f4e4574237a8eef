package members

import (
	"fmt"
	"time"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// State is what the registry knows of a Cluster.
type State struct {
	// Member is nil while there is no usable credential or address, and when the cluster leaves.
	Member *Member
	// Credential is that of the Secret as it was last seen.
	Credential CredentialState
	// Server is the address that is used; "" if NoServer says why there is none.
	Server   string
	NoServer string
	// Leaving says that the Cluster is annotated so; Released that, therefore, nothing works on the member any more.
	Leaving, Released bool
}

// CredentialState is what becomes the condition CredentialValid.
type CredentialState struct {
	Reason        string // fedv1beta1.ReasonCredentialValid and its neighbours; "" until the Secret was looked at
	Message       string
	SecretVersion string    // resourceVersion of the Secret; "" if it was not seen
	Expires       time.Time // zero for never, or not known
}

// Usable says whether the credential can be tried.
func (s CredentialState) Usable() bool {
	return s.Reason == fedv1beta1.ReasonCredentialValid || s.Reason == fedv1beta1.ReasonRenewalFailed
}

func notTried(format string, args ...any) CredentialState {
	return CredentialState{Reason: fedv1beta1.ReasonCredentialNotTried, Message: fmt.Sprintf(format, args...)}
}

// validMessage is the message while all is well.
func validMessage(what string, expires time.Time) string {
	if expires.IsZero() {
		return "the " + what + " says no end of its life"
	}
	return "the " + what + " is valid until " + expires.UTC().Format(time.RFC3339)
}
