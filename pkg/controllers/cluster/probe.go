package cluster

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fedhelm/fedhelm/pkg/members"
	"github.com/fedhelm/fedhelm/pkg/printable"
)

// outcome is what kind of answer a probe had.
type outcome int

const (
	unreachable outcome = iota // none
	healthy
	unhealthy // it says so itself
	rejected  // 401
	forbidden // 403
)

// longestAnswer is how much of an answer is read.
const longestAnswer = 64 << 10

// finding is what came of a probe, in words that are the same as long as nothing changes.
type finding struct {
	outcome outcome
	message string
}

// probe asks the member whether it is ready. It takes no longer than timeout.
func probe(ctx context.Context, m *members.Member, timeout time.Duration) finding {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	f, status := ask(ctx, m, "/readyz", timeout)
	if status == http.StatusNotFound { // before Kubernetes 1.16, and behind some proxies
		f, _ = ask(ctx, m, "/healthz", timeout)
	}
	if f.outcome == unreachable {
		m.Reconnect()
	}
	return f
}

func ask(ctx context.Context, m *members.Member, path string, timeout time.Duration) (finding, int) {
	url := m.Config.Host + path
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return finding{unreachable, fmt.Sprintf("%s: %s", url, plain(err, timeout))}, 0
	}
	resp, err := m.HTTP.Do(req)
	if err != nil {
		return finding{unreachable, fmt.Sprintf("%s: %s", url, plain(err, timeout))}, 0
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, longestAnswer))
	switch {
	case err != nil:
		return finding{unreachable, fmt.Sprintf("%s: %s", url, plain(err, timeout))}, 0
	case resp.StatusCode == http.StatusOK:
		return finding{healthy, url + " says ok"}, resp.StatusCode
	case resp.StatusCode == http.StatusUnauthorized:
		return finding{rejected, url + " does not accept the credential (401)"}, resp.StatusCode
	case resp.StatusCode == http.StatusForbidden:
		return finding{forbidden, url + " may not be asked by the credential (403): its ServiceAccount lacks rights in the member"}, resp.StatusCode
	default:
		return finding{unhealthy, fmt.Sprintf("%s says %d%s", url, resp.StatusCode, failing(body))}, resp.StatusCode
	}
}

// failing names the checks that an API server's answer says have failed.
func failing(body []byte) string {
	var names []string
	for line := range strings.Lines(string(body)) {
		if name, ok := strings.CutPrefix(line, "[-]"); ok && len(names) < 5 {
			name, _, _ = strings.Cut(name, " ")
			names = append(names, printable.Line(strings.TrimSpace(name), longestName))
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return "; failing: " + strings.Join(names, ", ")
}
