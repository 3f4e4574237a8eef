package authproxy

import (
	"net/netip"
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	clock := time.Now()
	l := newLimiter(func() time.Time { return clock })
	mordor, shire := netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8::/64")

	for i := range guesses {
		if _, ok := l.take(mordor); !ok {
			t.Fatalf("guess %d was refused, want %d to be free", i+1, guesses)
		}
	}
	if after, ok := l.take(mordor); ok || after <= 0 || after > guessEvery {
		t.Errorf("guess %d: retry after %s, %t; want a refusal for at most %s", guesses+1, after, ok, guessEvery)
	}
	if _, ok := l.take(shire); !ok {
		t.Error("one source's guesses were counted for another")
	}
	clock = clock.Add(guessEvery)
	if _, ok := l.take(mordor); !ok {
		t.Errorf("refused after %s, want one more guess", guessEvery)
	}
	if _, ok := l.take(mordor); ok {
		t.Errorf("a second guess after %s, want only one", guessEvery)
	}
	l.refund(mordor)
	if _, ok := l.take(mordor); !ok {
		t.Error("a guess that was given back cannot be made")
	}
	clock = clock.Add(guesses * guessEvery * 2)
	for i := range guesses {
		if _, ok := l.take(mordor); !ok {
			t.Fatalf("after a pause, guess %d was refused", i+1)
		}
	}
	if _, ok := l.take(mordor); ok {
		t.Errorf("a pause saved up more than %d guesses", guesses)
	}
}

func TestLimiterMemoryIsBounded(t *testing.T) {
	l := newLimiter(time.Now)
	addr := netip.MustParseAddr("10.0.0.0")
	for range maxSources + 500 {
		l.take(netip.PrefixFrom(addr, 32))
		addr = addr.Next()
	}
	if len(l.paid) > maxSources {
		t.Errorf("%d sources are remembered, want at most %d", len(l.paid), maxSources)
	}
}
