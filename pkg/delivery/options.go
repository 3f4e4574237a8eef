package delivery

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/fedhelm/fedhelm/pkg/kinds"
	"github.com/fedhelm/fedhelm/pkg/members"
)

// Options are what an Agent is made of.
type Options struct {
	// Member is the cluster to work on: its Name, Config and Client are used.
	Member *members.Member
	// Federation and FederationUID tell whose copies the Agent looks after.
	Federation    string
	FederationUID types.UID
	// Reserved is the namespace of the member in which nothing is put: that of the account that the federation uses there. Pods in it could
	// have the federation's rights, whoever wished for them. "" for none.
	Reserved string
	// Wish says what the member shall hold under a key. It is asked often, from several goroutines, and must not block.
	Wish func(Key) Wish
	// Changed is called when the Report of a key has changed in a way that matters. It must not block, nor call back.
	Changed func(Key)
	// Kind says how a kind is asked for; false if it is federated no more.
	Kind func(kinds.ID) (kinds.Kind, bool)

	Metrics *Metrics    // nil for none
	Clock   clock.Clock // nil for the real one
	Limits  Limits
}

// Limits of one Agent. A field that is zero has its default.
type Limits struct {
	// Requests is how many of them that write are under way at once, at most: 64. How many really are adapts to the member.
	Requests int
	// RequestTimeout is how long a request may take: 30 s.
	RequestTimeout time.Duration
	// UnsourcedPercent and UnsourcedCount say how many copies without a source are deleted without asking, by whichever is more: 5 % of
	// the copies, or 10. A negative number means none.
	UnsourcedPercent, UnsourcedCount int
}

const (
	defaultRequests         = 64
	defaultRequestTimeout   = 30 * time.Second
	defaultUnsourcedPercent = 5
	defaultUnsourcedCount   = 10
)

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(nil)
	}
	l := &o.Limits
	if l.Requests <= 0 {
		l.Requests = defaultRequests
	}
	if l.RequestTimeout <= 0 {
		l.RequestTimeout = defaultRequestTimeout
	}
	l.UnsourcedPercent = orDefault(l.UnsourcedPercent, defaultUnsourcedPercent)
	l.UnsourcedCount = orDefault(l.UnsourcedCount, defaultUnsourcedCount)
	return o
}

func orDefault(n, def int) int {
	if n == 0 {
		return def
	}
	return max(n, 0)
}
