package members

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
)

// longestAnswer is how much of an answer is read, unpacked: more than a page of any list has in it, and little enough for members that
// send nonsense without an end not to fill the memory that all of them share.
const longestAnswer = 32 << 20

var (
	errElsewhere = errors.New("the server sends its client elsewhere, where it does not go")
	errTooLong   = fmt.Errorf("the answer is longer than %d MiB", longestAnswer>>20)
)

// isWatch tells whether the answer to a request has no end by its nature.
func isWatch(req *http.Request) bool {
	return slices.ContainsFunc(req.URL.Query()["watch"], func(v string) bool { return v == "true" || v == "1" })
}

// bounded is an answer that fails when it is too long.
type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
