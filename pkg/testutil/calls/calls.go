// Package calls is what fake servers know of the calls to them: how many of each there were, and what tests want to fail.
package calls

import "sync"

// Log counts calls, and knows the answer to those that shall fail. E is the type of such answers, whose zero value is none. The zero value of a
// Log is ready, and its methods can be called at the same time.
type Log[E any] struct {
	mu    sync.Mutex
	count map[string]int
	fail  func(call string) E
}

// Fail asks a function before every call, which is the name of the API's: what it returns is the answer. Nil lets all be. The function is called
// for one call after the other, and must not use the Log.
func (l *Log[E]) Fail(fail func(call string) E) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = fail
}

// Calls is how many of a call there were; of all if it is "". Those that fail count.
func (l *Log[E]) Calls(call string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if call != "" {
		return l.count[call]
	}
	all := 0
	for _, n := range l.count {
		all += n
	}
	return all
}

// Count is for the server: it has got a call.
func (l *Log[E]) Count(call string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count == nil {
		l.count = map[string]int{}
	}
	l.count[call]++
}

// Failure is for the server, once for each call that it would answer: what to answer instead.
func (l *Log[E]) Failure(call string) (failure E) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		failure = l.fail(call)
	}
	return failure
}
