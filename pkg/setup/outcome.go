package setup

import "time"

// Refused makes an error one of class ErrRefused, with the text that it has; nil stays nil.
func Refused(err error) error { return refused(err) }

// TimedOut is an error of class ErrTimedOut that says what the limit ran out on.
func TimedOut(after time.Duration, format string, args ...any) error {
	return timedOut(after, format, args...)
}
