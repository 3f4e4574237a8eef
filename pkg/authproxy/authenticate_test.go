package authproxy

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/testutil/certs"
)

func TestWhoTheAPIServerIsTold(t *testing.T) {
	w := newWorld(t, nil)
	const frontProxy = "federation-auth-proxy"
	gandalf := w.ca.Client(t, "gandalf", "istari", "wizards")
	stranger := certs.CA(t, "elsewhere").Client(t, "gandalf", "wizards")
	bearer := http.Header{"Authorization": {"Bearer some-token"}}
	tests := []struct {
		name       string
		cert       *certs.Pair
		header     http.Header
		wantPeer   string
		wantUser   string
		wantUID    string
		wantGroups []string
		wantAuth   string // the Authorization header that is passed on
		wantStatus int    // when the request is refused
	}{
		{name: "a right password is asserted", header: basic("admin", "right"), wantPeer: frontProxy, wantUser: "admin", wantUID: "42", wantGroups: []string{"federation:admins", "ops"}},
		{name: "a wrong password is refused", header: basic("admin", "wrong"), wantStatus: 401},
		{name: "an unknown user is refused", header: basic("nobody", "right"), wantStatus: 401},
		{name: "a client certificate is asserted", cert: gandalf, wantPeer: frontProxy, wantUser: "gandalf", wantGroups: []string{"istari", "wizards"}},
		{name: "a client certificate without groups is asserted", cert: w.ca.Client(t, "frodo"), wantPeer: frontProxy, wantUser: "frodo"},
		{name: "a certificate counts before a token, which is not passed on", cert: gandalf, header: bearer, wantPeer: frontProxy, wantUser: "gandalf", wantGroups: []string{"istari", "wizards"}},
		{name: "a certificate counts before a password", cert: gandalf, header: basic("admin", "right"), wantPeer: frontProxy, wantUser: "gandalf", wantGroups: []string{"istari", "wizards"}},
		{name: "a certificate of another CA is refused", cert: stranger, wantStatus: 401},
		{name: "a certificate of another CA is no hindrance to a token", cert: stranger, header: bearer, wantAuth: "Bearer some-token"},
		{name: "a certificate of another CA is no hindrance to a password", cert: stranger, header: basic("admin", "right"), wantPeer: frontProxy, wantUser: "admin", wantUID: "42", wantGroups: []string{"federation:admins", "ops"}},
		{name: "a server's certificate is refused", cert: w.ca.Server(t, "localhost"), wantStatus: 401},
		{name: "a certificate without a name is refused", cert: w.ca.Client(t, "", "wizards"), wantStatus: 401},
		{name: "a certificate whose name a header would change is refused", cert: w.ca.Client(t, " admin"), wantStatus: 401},
		{name: "a certificate with a line break in a group is refused", cert: w.ca.Client(t, "sauron", "a\r\nX-Remote-Group: system:masters"), wantStatus: 401},
		{name: "a token is the API server's to judge", header: bearer, wantAuth: "Bearer some-token"},
		{name: "another scheme is the API server's to judge", header: http.Header{"Authorization": {"Negotiate abc"}}, wantAuth: "Negotiate abc"},
		{name: "no credentials are the API server's to judge"},
		{name: "Basic in any case is verified", header: http.Header{"Authorization": {strings.Replace(basic("admin", "right").Get("Authorization"), "Basic", "bAsIc", 1)}}, wantPeer: frontProxy, wantUser: "admin", wantUID: "42", wantGroups: []string{"federation:admins", "ops"}},
		{name: "Basic that cannot be decoded is refused", header: http.Header{"Authorization": {"Basic !"}}, wantStatus: 401},
		{name: "Basic with nothing behind it is refused", header: http.Header{"Authorization": {"Basic"}}, wantStatus: 401},
		{name: "Basic with a tab behind it is refused", header: http.Header{"Authorization": {"Basic\tYTpi"}}, wantStatus: 401},
		{name: "two Authorization headers are refused", header: http.Header{"Authorization": {"Bearer x", basic("admin", "right").Get("Authorization")}}, wantStatus: 401},
	}
	for _, tt := range tests {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s (HTTP/2 %t)", tt.name, http2), func(t *testing.T) {
				status, body := w.get(w.client(http2, tt.cert), "/api", tt.header)
				got := w.last()
				if tt.wantStatus != 0 {
					if got != nil {
						t.Errorf("reached the API server as %q", got.header)
					}
					checkRefusal(t, status, body, tt.wantStatus)
					return
				}
				if got == nil {
					t.Fatalf("did not reach the API server: %d %s", status, body)
				}
				h := got.header
				if got.peer != tt.wantPeer {
					t.Errorf("came with certificate %q, want %q", got.peer, tt.wantPeer)
				}
				if user, uid := h.Get("X-Remote-User"), h.Get("X-Remote-Uid"); user != tt.wantUser || uid != tt.wantUID {
					t.Errorf("came as user %q, UID %q; want %q, %q", user, uid, tt.wantUser, tt.wantUID)
				}
				if groups := h["X-Remote-Group"]; !slices.Equal(groups, tt.wantGroups) {
					t.Errorf("came with groups %q, want %q", groups, tt.wantGroups)
				}
				if auth := h.Get("Authorization"); auth != tt.wantAuth {
					t.Errorf("came with Authorization %q, want %q", auth, tt.wantAuth)
				}
			})
		}
	}
}

// checkRefusal wants a Status that clients can show.
func checkRefusal(t *testing.T, status int, body string, want int) {
	t.Helper()
	var s struct {
		Kind, APIVersion, Status, Message string
		Code                              int
	}
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		t.Fatalf("answer %d %q is not JSON: %v", status, body, err)
	}
	if status != want || s.Code != want || s.Kind != "Status" || s.APIVersion != "v1" || s.Status != "Failure" || s.Message == "" {
		t.Errorf("answer %d %q, want a Status with code %d", status, body, want)
	}
}

func TestWrongPasswordsAreLimitedAndNotLogged(t *testing.T) {
	w := newWorld(t, nil)
	c := w.client(true, nil)
	for range guesses {
		if status, _ := w.get(c, "/api", basic("my-password", "typed-in-the-wrong-field")); status != http.StatusUnauthorized {
			t.Fatalf("status %d, want 401", status)
		}
	}
	status, body := w.get(c, "/api", basic("my-password", "again"))
	checkRefusal(t, status, body, http.StatusTooManyRequests)
	if log := w.log.String(); strings.Contains(log, "my-password") || strings.Contains(log, "wrong-field") || !strings.Contains(log, "127.0.0.1") {
		t.Errorf("the log must name the source and nothing that was typed:\n%s", log)
	}
}

func TestSource(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.7:1234":             "192.0.2.7/32",
		"[::ffff:192.0.2.7]:1234":    "192.0.2.7/32",
		"[2001:db8:1:2:3:4:5:6]:1":   "2001:db8:1:2::/64",
		"[fe80::1:2:3:4%eth0]:65000": "fe80::/64",
	} {
		if got := source(&http.Request{RemoteAddr: addr}); got != netip.MustParsePrefix(want) {
			t.Errorf("source(%q) = %s, want %s", addr, got, want)
		}
	}
	if got := source(&http.Request{RemoteAddr: "@"}); got.IsValid() {
		t.Errorf("source of an address that is none = %s, want the zero prefix", got)
	}
}
