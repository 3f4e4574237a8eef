// Package reload keeps a value that is read from files up to date with them.
package reload

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultInterval is how often files are looked at, unless a Value is told otherwise.
const DefaultInterval = time.Second

// Value is read from files and read again when they change. It has no goroutine:
// Get looks at the files when the last look is older than Interval. Contents are
// compared rather than times of change, so it does not matter how a file is
// replaced (a kubelet swaps a symbolic link somewhere above it).
type Value[T any] struct {
	// Interval is the least time between two looks at the files. Set it before the
	// first Get.
	Interval time.Duration
	// OnReload is called, by one goroutine at a time, after a change was taken over,
	// or with the reason why it was not. Set it before the first Get.
	OnReload func(error)
	// OnReplace is called, by one goroutine at a time, with a value that a newer one has
	// just taken the place of: what it holds can go, such as connections that nobody
	// uses. Those who got it before may use it still. Set it before the first Get.
	OnReplace func(former T)

	files []string
	parse func(contents [][]byte) (T, error)
	now   func() time.Time

	current atomic.Pointer[T]
	looked  atomic.Int64 // when, Unix nanoseconds
	looking sync.Mutex   // guards contents and complaint
	// contents are what current was made of.
	contents [][]byte
	// complaint is the last error told to OnReload, so that it is told once.
	complaint string
}

// New reads the files and parses their contents, which come in the order of the
// names. It fails if that fails. Later failures leave the last good value in place.
func New[T any](parse func(contents [][]byte) (T, error), files ...string) (*Value[T], error) {
	v := &Value[T]{
		Interval:  DefaultInterval,
		OnReload:  func(error) {},
		OnReplace: func(T) {},
		files:     files,
		parse:     parse,
		now:       time.Now,
	}
	if _, err := v.load(); err != nil {
		return nil, err
	}
	v.looked.Store(v.now().UnixNano())
	return v, nil
}

// Get returns the value of the newest contents that could be parsed. It may be
// called concurrently, and does not wait for a look that another call has begun.
func (v *Value[T]) Get() T {
	now := v.now().UnixNano()
	if now-v.looked.Load() >= int64(v.Interval) && v.looking.TryLock() {
		v.looked.Store(now)
		v.look()
		v.looking.Unlock()
	}
	return *v.current.Load()
}

func (v *Value[T]) look() {
	changed, err := v.load()
	switch {
	case err != nil && err.Error() != v.complaint:
		v.complaint = err.Error()
		v.OnReload(err)
	case err == nil && (changed || v.complaint != ""):
		v.complaint = ""
		v.OnReload(nil)
	}
}

// load reads the files and, if they changed, replaces the value. Files that are
// replaced one after the other may not fit together for a moment: that is an
// error, and the next look tries again.
func (v *Value[T]) load() (changed bool, err error) {
	contents := make([][]byte, len(v.files))
	for i, name := range v.files {
		if contents[i], err = os.ReadFile(name); err != nil {
			return false, err
		}
	}
	if v.current.Load() != nil && equal(contents, v.contents) {
		return false, nil
	}
	value, err := v.parse(contents)
	if err != nil {
		return false, fmt.Errorf("%s: %w", v.files[0], err)
	}
	v.contents = contents
	if former := v.current.Swap(&value); former != nil {
		v.OnReplace(*former)
	}
	return true, nil
}

func equal(a, b [][]byte) bool {
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}
