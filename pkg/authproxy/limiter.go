package authproxy

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// guesses is how many wrong passwords a source may try at once, and guessEvery
	// how often it may try another one after that.
	guesses    = 10
	guessEvery = time.Second
	// maxSources bounds the memory; more sources than that are not told apart for long.
	maxSources = 4096
)

// limiter counts wrong passwords for each source.
type limiter struct {
	now func() time.Time

	mu sync.Mutex
	// paid is until when the guesses of a source are paid for, at the price of
	// guessEvery each. A source that is not in it has made none lately.
	paid map[netip.Prefix]time.Time
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, paid: map[netip.Prefix]time.Time{}}
}

// take charges the source for a guess, before it is made so that guesses made at
// the same time count too. If the source has none left it returns when to try again.
func (l *limiter) take(source netip.Prefix) (retryAfter time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	paid := l.paid[source]
	if paid.Before(now) {
		paid = now
	}
	paid = paid.Add(guessEvery)
	if excess := paid.Sub(now) - guesses*guessEvery; excess > 0 {
		return excess, false
	}
	l.makeRoom(now)
	l.paid[source] = paid
	return 0, true
}

// refund gives back what take charged: the guess was right, or was not made.
func (l *limiter) refund(source netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if paid, ok := l.paid[source]; ok {
		l.paid[source] = paid.Add(-guessEvery)
	}
}

func (l *limiter) makeRoom(now time.Time) {
	if len(l.paid) < maxSources {
		return
	}
	for source, paid := range l.paid {
		if !paid.After(now) {
			delete(l.paid, source)
		}
	}
	for source := range l.paid {
		if len(l.paid) < maxSources {
			return
		}
		delete(l.paid, source)
	}
}
