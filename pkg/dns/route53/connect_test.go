package route53_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/route53"
	"github.com/fedhelm/fedhelm/pkg/dns/route53/fakeserver"
)

func TestCredentials(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/"
	without := func(o *route53.Options) { o.AccessKeyID, o.SecretAccessKey = "", "" }
	for _, tt := range []struct {
		name  string
		setup func(t *testing.T, s *fakeserver.Server, o *route53.Options)
		want  error // nil: it works
		says  string
	}{
		{name: "keys", setup: func(*testing.T, *fakeserver.Server, *route53.Options) {}},
		{name: "keys of a session", setup: func(_ *testing.T, s *fakeserver.Server, o *route53.Options) {
			s.Accept(aws.Credentials{AccessKeyID: "ASIASESSION", SecretAccessKey: "session-secret", SessionToken: "token-secret"})
			o.AccessKeyID, o.SecretAccessKey, o.SessionToken = "ASIASESSION", "session-secret", "token-secret"
		}},
		{name: "a role, by means of keys", setup: func(_ *testing.T, _ *fakeserver.Server, o *route53.Options) { o.RoleARN = role + "dns" }},
		{name: "the environment's", setup: func(t *testing.T, _ *fakeserver.Server, o *route53.Options) {
			t.Helper()
			without(o)
			t.Setenv("AWS_ACCESS_KEY_ID", fakeserver.AccessKeyID)
			t.Setenv("AWS_SECRET_ACCESS_KEY", fakeserver.SecretAccessKey)
		}},
		{name: "a profile's", setup: func(t *testing.T, _ *fakeserver.Server, o *route53.Options) {
			t.Helper()
			without(o)
			o.Region, o.Profile = "", "fed"
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file(t, fmt.Sprintf("[fed]\naws_access_key_id = %s\naws_secret_access_key = %s\n", fakeserver.AccessKeyID, fakeserver.SecretAccessKey)))
		}},
		{name: "the pod's, by web identity", setup: func(t *testing.T, s *fakeserver.Server, o *route53.Options) {
			t.Helper()
			without(o)
			t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", file(t, "web-identity"))
			t.Setenv("AWS_ROLE_ARN", role+"dns")
			t.Setenv("AWS_ENDPOINT_URL_STS", s.URL)
		}},
		{name: "a secret that is wrong", want: dns.ErrDenied, says: "SignatureDoesNotMatch", setup: func(_ *testing.T, s *fakeserver.Server, o *route53.Options) {
			s.Accept(aws.Credentials{AccessKeyID: "ASIASESSION", SecretAccessKey: "other", SessionToken: "token-secret"})
			o.AccessKeyID, o.SecretAccessKey, o.SessionToken = "ASIASESSION", "session-secret", "token-secret"
		}},
		{name: "a key that is not known", want: dns.ErrDenied, says: "InvalidClientTokenId", setup: func(_ *testing.T, _ *fakeserver.Server, o *route53.Options) {
			o.AccessKeyID, o.SecretAccessKey, o.SessionToken = "AKIANOBODY", "session-secret", "token-secret"
		}},
		{name: "a role that may not be taken on", want: dns.ErrDenied, says: "sts:AssumeRole", setup: func(_ *testing.T, _ *fakeserver.Server, o *route53.Options) { o.RoleARN = role + "nobodys" }},
		{name: "a pod's that are not good", want: dns.ErrDenied, says: "InvalidIdentityToken", setup: func(t *testing.T, s *fakeserver.Server, o *route53.Options) {
			t.Helper()
			without(o)
			t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", file(t, "token-secret"))
			t.Setenv("AWS_ROLE_ARN", role+"dns")
			t.Setenv("AWS_ENDPOINT_URL_STS", s.URL)
		}},
		{name: "none", want: dns.ErrDenied, says: "access-key-id", setup: func(_ *testing.T, _ *fakeserver.Server, o *route53.Options) { without(o) }},
		{name: "a profile that is not there", want: dns.ErrDenied, says: "nowhere", setup: func(_ *testing.T, _ *fakeserver.Server, o *route53.Options) {
			without(o)
			o.Profile = "nowhere"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			isolate(t)
			server := fakeserver.New()
			t.Cleanup(server.Close)
			server.AddZone("example.com.", false)
			o := route53.Options{Region: "eu-central-1", Endpoint: server.URL, STSEndpoint: server.URL, AccessKeyID: fakeserver.AccessKeyID, SecretAccessKey: fakeserver.SecretAccessKey}
			tt.setup(t, server, &o)
			p, err := route53.New(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Zones(t.Context())
			if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Fatalf("Zones: %v, want %v", err, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %q does not say %q", err, tt.says)
			}
			for _, secret := range []string{fakeserver.SecretAccessKey, "session-secret", "token-secret"} {
				if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
					t.Errorf("the error shows a secret (%q): %v", secret, err)
				}
			}
		})
	}
}

// isolate takes away what the machine of the test says about credentials.
func isolate(t *testing.T) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAContextThatEndsIsNoDenial(t *testing.T) {
	_, p, _ := started(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Zones(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, dns.ErrDenied) {
		t.Errorf("Zones = %v, want %v alone", err, context.Canceled)
	}
}
