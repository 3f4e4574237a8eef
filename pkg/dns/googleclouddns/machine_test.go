package googleclouddns_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/googleclouddns"
	"github.com/fedhelm/fedhelm/pkg/dns/googleclouddns/fakeserver"
)

// giver is a server that gives out tokens which the fake server takes: as a machine's metadata service does, which is what GKE's workload identity
// is for pods, or as a security token service does, for workload identity federation.
type giver struct {
	*httptest.Server
	fail atomic.Int32 // the status to answer with; 0: none
}

func startGiver(t *testing.T, s *fakeserver.Server) *giver {
	t.Helper()
	g := &giver{}
	say := func(w http.ResponseWriter, document any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(document); err != nil {
			t.Error(err)
		}
	}
	mux := http.NewServeMux()
	const machine = "GET /computeMetadata/v1/"
	mux.HandleFunc(machine+"project/project-id", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, fakeserver.Project) })
	mux.HandleFunc(machine+"instance/service-accounts/default/token", func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Query().Get("scopes"), "ndev.clouddns.readwrite") {
			t.Errorf("a token is asked for %q", r.URL.Query().Get("scopes"))
		}
		say(w, map[string]any{"access_token": s.Token(), "token_type": "Bearer", "expires_in": 3600})
	})
	mux.HandleFunc("POST /sts", func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("grant_type") != "urn:ietf:params:oauth:grant-type:token-exchange" || r.PostFormValue("subject_token") != "eyJ-of-the-pod" {
			w.WriteHeader(http.StatusBadRequest)
			say(w, map[string]any{"error": "invalid_grant", "error_description": r.PostFormValue("subject_token")})
			return
		}
		say(w, map[string]any{
			"access_token": s.Token(), "token_type": "Bearer", "expires_in": 3600, "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
		})
	})
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isMachine := strings.HasPrefix(r.URL.Path, "/computeMetadata/")
		if status := g.fail.Load(); status > 0 {
			w.WriteHeader(int(status))
			return
		}
		if isMachine && r.Header.Get("Metadata-Flavor") != "Google" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

// asMachine has nothing but the machine tell who we are.
func asMachine(t *testing.T, o *googleclouddns.Options, g *giver) {
	t.Helper()
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
	t.Setenv("HOME", t.TempDir())
	t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(g.URL, "http://"))
	o.CredentialsJSON = nil
}

// asPod is a pod outside of Google's cloud, with a token that the pool of identities knows.
func asPod(t *testing.T, o *googleclouddns.Options, g *giver, token string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{
		"type": "external_account", "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/cluster",
		"subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": g.URL + "/sts", "credential_source": map[string]any{"file": path},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.CredentialsJSON, o.ProjectID = text, fakeserver.Project
}

func TestWhoThePodIsIsToldByOthers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		use    func(*testing.T, *googleclouddns.Options, *giver)
		fail   int32 // what the giver answers
		down   bool  // it is not there
		denied bool
		says   string // "": it works
	}{
		{name: "the machine tells project and token", use: asMachine},
		{name: "the machine's metadata service is down", use: asMachine, down: true, says: "refused"},
		{name: "the machine's metadata service fails", use: asMachine, fail: 503, says: "503"},
		{name: "the machine has no account", use: asMachine, fail: 404, denied: true, says: "not defined"},
		{name: "the machine's account may not have the token", use: asMachine, fail: 403, denied: true, says: "403"},
		{name: "a pod's token is exchanged", use: func(t *testing.T, o *googleclouddns.Options, g *giver) { t.Helper(); asPod(t, o, g, "eyJ-of-the-pod") }},
		{name: "the exchange is down", down: true, says: "refused", use: func(t *testing.T, o *googleclouddns.Options, g *giver) { t.Helper(); asPod(t, o, g, "eyJ-of-the-pod") }},
		{name: "the exchange fails", fail: 500, says: "500", use: func(t *testing.T, o *googleclouddns.Options, g *giver) { t.Helper(); asPod(t, o, g, "eyJ-of-the-pod") }},
		{name: "the exchange refuses the pod's token", denied: true, says: "400: invalid_grant", use: func(t *testing.T, o *googleclouddns.Options, g *giver) { t.Helper(); asPod(t, o, g, "eyJ-of-another") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var g *giver
			_, p := started(t, func(s *fakeserver.Server, o *googleclouddns.Options) {
				g = startGiver(t, s)
				tt.use(t, o, g)
				if tt.says != "" && o.ProjectID == "" {
					o.ProjectID = fakeserver.Project // which a process asks for once
				}
			})
			g.fail.Store(tt.fail)
			if tt.down {
				g.Close()
			}
			zones, err := p.Zones(t.Context())
			if tt.says == "" {
				if err != nil || len(zones) != 1 {
					t.Errorf("Zones = %v, %v, want one", zones, err)
				}
				return
			}
			if err == nil || errors.Is(err, dns.ErrDenied) != tt.denied || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Zones: %v, want a denial: %t, and that it says %q", err, tt.denied, tt.says)
			}
			hasNoSecret(t, err)
		})
	}
}

func TestTokensThatAreNotToBeHadForNow(t *testing.T) {
	for name, exchanged := range map[string]bool{"of the account": false, "from elsewhere": true} {
		t.Run(name, func(t *testing.T) {
			var g *giver
			_, p := started(t, func(s *fakeserver.Server, o *googleclouddns.Options) {
				g = startGiver(t, s)
				if exchanged {
					o.TokenURL, o.TokenBody = g.URL+"/exchange", fakeserver.ExchangeBody
					return
				}
				var key map[string]string
				if err := json.Unmarshal(s.Credentials(fakeserver.Project), &key); err != nil {
					t.Fatal(err)
				}
				key["token_uri"] = g.URL + "/token"
				text, err := json.Marshal(key)
				if err != nil {
					t.Fatal(err)
				}
				o.CredentialsJSON = text
			})
			g.fail.Store(http.StatusServiceUnavailable)
			if _, err := p.Zones(t.Context()); err == nil || errors.Is(err, dns.ErrDenied) || !strings.Contains(err.Error(), "503") {
				t.Errorf("Zones while tokens' server fails: %v, want no denial, and the status", err)
			}
			g.Close()
			if _, err := p.Zones(t.Context()); err == nil || errors.Is(err, dns.ErrDenied) { // refused, or the end of a connection that was kept
				t.Errorf("Zones while tokens' server is down: %v, want no denial", err)
			}
		})
	}
}
