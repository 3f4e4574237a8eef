package join

import (
	"context"
	"errors"
	"time"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/federation"
	"github.com/fedhelm/fedhelm/pkg/progress"
	"github.com/fedhelm/fedhelm/pkg/release"
	"github.com/fedhelm/fedhelm/pkg/setup"
)

// UnjoinOptions are what Unjoin needs. All fields are required but those that say otherwise.
type UnjoinOptions struct {
	Name       string // of the member; valid
	Host       Host
	Federation Federation
	Member     Member
	// NoMember is why there is no way to the member; of Member only Context is needed then. nil: there is one.
	NoMember error

	Workloads Workloads
	Force     bool   // leave out what does not answer
	DryRun    bool   // look, and write nothing
	Identity  string // who is at work, for others to read; unique
	Timeout   time.Duration
	Progress  *progress.Reporter // nil is silent
}

// Workloads says what becomes of the objects that the federation has in a member that leaves.
type Workloads string

// What may become of them.
const (
	KeepWorkloads   Workloads = fedv1beta1.LeavingKeep   // they lose the federation's marks
	DeleteWorkloads Workloads = fedv1beta1.LeavingDelete // they go; namespaces only when nothing of others is in them
)

// Unjoined says what Unjoin did, and what it left.
type Unjoined struct {
	Cluster    string         `json:"cluster"`
	Federation federation.Ref `json:"federation"`
	DryRun     bool           `json:"dryRun,omitempty"`
	Done       []Deed         `json:"done"`           // nothing: there was no such member
	Left       []Leftover     `json:"left,omitempty"` // what is still there
}

// Deed is one thing that was done.
type Deed struct {
	Place  Place  `json:"place"`
	Object string `json:"object"` // such as "Secret federation-system/fellowship.gondor"
	Did    string `json:"did"`    // such as "deleted"
}

// Leftover is something that stays, and the command that removes it.
type Leftover struct {
	Place   Place  `json:"place"`
	Object  string `json:"object"`
	Why     string `json:"why,omitempty"`
	Command string `json:"command,omitempty"`
}

// Place is one of the three APIs that have something of a member.
type Place string

// The places.
const (
	InMember     Place = "member"
	InHost       Place = "host"
	InFederation Place = "federation"
)

// Unjoin takes the member out of the federation, its registration last, so that it can be run again whatever became of it before:
// what is not there is passed over. Before it writes, it makes sure that the member and the federation's API answer, and that the
// member is the cluster that was joined (ErrRefused of package setup). With Force what does not answer is left out, and told in
// Left. A limit that runs out gives ErrTimedOut. What was done until an error is in the result.
func Unjoin(ctx context.Context, o UnjoinOptions) (Unjoined, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, setup.ErrTimedOut)
	defer cancel()
	u := &unjoinRun{UnjoinOptions: o, result: Unjoined{Cluster: o.Name, Federation: o.Federation.Ref, DryRun: o.DryRun, Done: []Deed{}}}
	if err := u.check(ctx); err != nil {
		return u.result, u.explain(ctx, err)
	}
	return u.result, u.explain(ctx, u.locked(ctx))
}

// unjoinRun is one Unjoin under way.
type unjoinRun struct {
	UnjoinOptions
	standing
	result Unjoined
}

// locked takes the member out, with nobody else at work on it.
func (u *unjoinRun) locked(ctx context.Context) error {
	held := ctx
	if !u.DryRun && !u.noFederation() {
		var lock *federation.Lock
		var err error
		if held, lock, err = acquireMember(ctx, u.Host, u.Federation.Ref, u.Name, u.Identity, u.Progress); err != nil {
			return err
		}
		defer giveBack(ctx, lock, false, u.Progress)
		if err := errors.Join(u.look(held), u.refusal()); err != nil { // somebody may have been at work until now
			return err
		}
	}
	steps := []func(context.Context) error{u.releaseMember, u.forgetNames, u.leaveWorkloads, u.uninstall, u.leaveNamespace, u.clearHost, u.deregister}
	for _, step := range steps {
		if err := step(held); err != nil {
			return err
		}
	}
	if u.gone != nil && u.Federation.Unusable == nil && len(u.result.Done) == 0 {
		u.result.Left = nil // there was no such member: nothing of it stays
	}
	return nil
}

// noFederation tells whether the federation is gone, and nobody is left who could be at work on its members.
func (u *unjoinRun) noFederation() bool { return errors.Is(u.Federation.Unusable, federation.ErrNone) }

// explain turns what ended a run into what its user should know.
func (u *unjoinRun) explain(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case len(u.result.Done) == 0 && (errors.Is(err, federation.ErrLocked) || errors.Is(err, release.ErrOtherChart)):
		return setup.Refused(err)
	case errors.Is(context.Cause(ctx), setup.ErrTimedOut) && !errors.Is(err, setup.ErrRefused):
		return setup.TimedOut(u.Timeout, "%w; run the same command again to go on", err)
	default:
		return err
	}
}

// do writes, and remembers what. A dry run only remembers.
func (u *unjoinRun) do(place Place, object, did string, write func() error) error {
	if !u.DryRun {
		if err := write(); err != nil {
			return err
		}
	}
	u.result.Done = append(u.result.Done, Deed{Place: place, Object: object, Did: did})
	return nil
}

func (u *unjoinRun) left(place Place, object, why, command string) {
	u.result.Left = append(u.result.Left, Leftover{Place: place, Object: object, Why: why, Command: command})
}

// in says which namespace of which cluster a message is about.
func (u *unjoinRun) in(place Place) string {
	if place == InMember {
		return "namespace " + u.Federation.Namespace + " of member cluster " + u.Member.Context
	}
	return "namespace " + u.Federation.Namespace + " of host cluster " + u.Host.Context
}
