package googleclouddns_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/googleclouddns"
	"github.com/fedhelm/fedhelm/pkg/dns/googleclouddns/fakeserver"
)

func TestCredentials(t *testing.T) {
	otherKey := func(server *fakeserver.Server) []byte { // one that is not the account's
		var key map[string]string
		if err := json.Unmarshal(server.Credentials(fakeserver.Project), &key); err != nil {
			t.Fatal(err)
		}
		key["token_uri"] = server.URL + "/other"
		text, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, tt := range []struct {
		name  string
		setup func(t *testing.T, s *fakeserver.Server, o *googleclouddns.Options)
		want  error  // nil: it works
		says  string // part of the error
	}{
		{name: "those in hand, with their own project", setup: func(*testing.T, *fakeserver.Server, *googleclouddns.Options) {}},
		{name: "the project that is given goes before that of the credentials", setup: func(_ *testing.T, s *fakeserver.Server, o *googleclouddns.Options) {
			o.CredentialsJSON, o.ProjectID = s.Credentials("another"), fakeserver.Project
		}},
		{name: "a file", setup: func(t *testing.T, s *fakeserver.Server, o *googleclouddns.Options) {
			t.Helper()
			o.CredentialsFile, o.CredentialsJSON = file(t, s.Credentials(fakeserver.Project)), nil
		}},
		{name: "tokens from elsewhere", setup: func(_ *testing.T, s *fakeserver.Server, o *googleclouddns.Options) {
			o.TokenURL, o.TokenBody = s.URL+"/exchange?key=url-secret", fakeserver.ExchangeBody
		}},
		{name: "no project", want: dns.ErrDenied, says: "project-id", setup: func(_ *testing.T, s *fakeserver.Server, o *googleclouddns.Options) {
			o.CredentialsJSON = s.Credentials("")
		}},
		{name: "another project", want: dns.ErrDenied, says: "permission", setup: func(_ *testing.T, _ *fakeserver.Server, o *googleclouddns.Options) {
			o.ProjectID = "another"
		}},
		{name: "a key that was deleted", want: dns.ErrDenied, says: "invalid_grant", setup: func(_ *testing.T, s *fakeserver.Server, _ *googleclouddns.Options) {
			s.RefuseKeys(true)
		}},
		{name: "a token endpoint that is not there", want: dns.ErrDenied, says: "404", setup: func(_ *testing.T, s *fakeserver.Server, o *googleclouddns.Options) {
			o.CredentialsJSON = otherKey(s)
		}},
		{name: "a file that is not there", want: dns.ErrDenied, says: "credentials-file", setup: func(t *testing.T, _ *fakeserver.Server, o *googleclouddns.Options) {
			t.Helper()
			o.CredentialsFile, o.CredentialsJSON = filepath.Join(t.TempDir(), "none"), nil
		}},
		{name: "a file with nothing in it", want: dns.ErrDenied, says: "empty", setup: func(t *testing.T, _ *fakeserver.Server, o *googleclouddns.Options) {
			t.Helper()
			o.CredentialsFile, o.CredentialsJSON = file(t, nil), nil
		}},
		{name: "a file with something else in it", want: dns.ErrDenied, says: "not JSON of a service account", setup: func(t *testing.T, _ *fakeserver.Server, o *googleclouddns.Options) {
			t.Helper()
			o.CredentialsFile, o.CredentialsJSON = file(t, []byte("body-secret")), nil
		}},
		{name: "no tokens from elsewhere", want: dns.ErrDenied, says: "403", setup: func(_ *testing.T, s *fakeserver.Server, o *googleclouddns.Options) {
			o.TokenURL, o.TokenBody = s.URL+"/exchange?key=url-secret", "body-secret"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var server *fakeserver.Server
			_, p := started(t, func(s *fakeserver.Server, o *googleclouddns.Options) {
				server = s
				tt.setup(t, s, o)
			})
			_, err := p.Zones(t.Context())
			if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Fatalf("Zones: %v, want %v", err, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %q does not say %q", err, tt.says)
			}
			hasNoSecret(t, err)
			before := server.TokenCalls("token")
			if _, err := p.Zones(t.Context()); tt.want == nil && (err != nil || server.TokenCalls("token") != before) {
				t.Errorf("the next call: %v, with %d more tokens, want none", err, server.TokenCalls("token")-before)
			}
		})
	}
}

// hasNoSecret fails the test if an error has a part of keys, tokens, or assertions that were signed with them.
func hasNoSecret(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{"url-secret", "body-secret", "ya29.", "PRIVATE KEY", "eyJ"} {
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
			t.Errorf("the error shows a secret (%q): %v", secret, err)
		}
	}
}

func file(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRenewedCredentialsAreUsed(t *testing.T) {
	var path string
	server, p := started(t, func(s *fakeserver.Server, o *googleclouddns.Options) {
		path = file(t, s.Credentials("another"))
		o.CredentialsFile, o.CredentialsJSON = path, nil
	})
	if _, err := p.Zones(t.Context()); !errors.Is(err, dns.ErrDenied) {
		t.Fatalf("Zones with the key of another project: %v, want ErrDenied", err)
	}
	if err := os.WriteFile(path, server.Credentials(fakeserver.Project), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Zones(t.Context()); err != nil {
		t.Errorf("Zones after the file was renewed: %v", err)
	}
}

func TestDefaultCredentials(t *testing.T) {
	server, p := started(t, func(s *fakeserver.Server, o *googleclouddns.Options) {
		t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file(t, s.Credentials(fakeserver.Project)))
		o.CredentialsJSON = nil
	})
	if zones, err := p.Zones(t.Context()); err != nil || len(zones) != 1 {
		t.Errorf("Zones with the application's default credentials: %v, %v", zones, err)
	}
	if calls := server.TokenCalls("token"); calls != 1 {
		t.Errorf("%d tokens were asked for, want 1", calls)
	}
}

func TestAContextThatEndsIsNoDenial(t *testing.T) {
	_, p := started(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Zones(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, dns.ErrDenied) {
		t.Errorf("Zones = %v, want %v alone", err, context.Canceled)
	}
}
