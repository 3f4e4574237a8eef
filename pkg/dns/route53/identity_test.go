package route53_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/route53"
	"github.com/fedhelm/fedhelm/pkg/dns/route53/fakeserver"
)

// What gives credentials out may be away, which is no denial: somebody must have said no.
func TestCredentialsThatAreNotToBeHadForNow(t *testing.T) {
	timeout := *route53.CallTimeout
	t.Cleanup(func() { *route53.CallTimeout = timeout })
	silent := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or it is not seen that the client goes
		<-r.Context().Done()
	}
	asRole := func(_ *testing.T, o *route53.Options, url string) {
		o.STSEndpoint, o.RoleARN = url, "arn:aws:iam::123456789012:role/dns"
	}
	asPod := func(t *testing.T, o *route53.Options, url string) {
		t.Helper()
		o.AccessKeyID, o.SecretAccessKey = "", ""
		t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", file(t, "web-identity"))
		t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/dns")
		t.Setenv("AWS_ENDPOINT_URL_STS", url)
	}
	byAgent := func(t *testing.T, o *route53.Options, url string) {
		t.Helper()
		o.AccessKeyID, o.SecretAccessKey = "", ""
		t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url+"/v1/credentials")
	}
	asMachine := func(t *testing.T, o *route53.Options, url string) {
		t.Helper()
		o.AccessKeyID, o.SecretAccessKey = "", ""
		t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
		t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
	}
	unreachable := func(err error) bool {
		var network net.Error
		return errors.As(err, &network)
	}
	anything := func(error) bool { return true }
	denied := func(err error) bool { return errors.Is(err, dns.ErrDenied) }
	throttled := func(err error) bool { return errors.Is(err, dns.ErrThrottled) }
	for _, tt := range []struct {
		name    string
		use     func(*testing.T, *route53.Options, string)
		answer  http.HandlerFunc // nil: nothing listens there
		want    func(error) bool
		refused bool // for good, or until something else is said
		says    string
	}{
		{name: "STS is down, for a role", use: asRole, want: unreachable, says: "refused"},
		{name: "STS is down, for a pod", use: asPod, want: unreachable, says: "refused"},
		{name: "STS does not answer in time", use: asRole, answer: silent, want: unreachable, says: "deadline"},
		{name: "STS answers 500, in its own form", use: asRole, answer: answer(500, "InternalFailure"), want: anything, says: "InternalFailure"},
		{name: "STS answers 503, in no form", use: asPod, answer: answer(503, ""), want: anything, says: "HTTP status 503"},
		{name: "STS cannot reach who knows the pod", use: asPod, answer: answer(400, "IDPCommunicationError"), want: anything, says: "IDPCommunicationError"},
		{name: "STS is asked too often", use: asRole, answer: answer(400, "Throttling"), want: throttled, says: "Throttling"},
		{name: "a gate before STS is asked too often", use: asRole, answer: answer(429, ""), want: throttled, says: "429"},
		{name: "STS denies the role", use: asRole, answer: answer(403, "AccessDenied"), want: denied, refused: true, says: "AccessDenied"},
		{name: "STS knows no such token", use: asPod, answer: answer(400, "InvalidIdentityToken"), want: denied, refused: true, says: "InvalidIdentityToken"},
		{name: "the agent of the pod's identity is down", use: byAgent, want: unreachable, says: "refused"},
		{name: "the agent of the pod's identity fails", use: byAgent, answer: answer(500, ""), want: anything, says: "HTTP status 500"},
		{name: "the agent of the pod's identity denies", use: byAgent, answer: answer(403, ""), want: denied, refused: true, says: "HTTP status 403"},
		{name: "the metadata service is down", use: asMachine, want: unreachable, says: "access-key-id"},
		{name: "the metadata service answers 500", use: asMachine, answer: answer(500, ""), want: anything, says: "HTTP status 500"},
		{name: "the metadata service does not answer in time", use: asMachine, answer: silent, want: unreachable, says: "deadline"},
		{name: "the machine has no role", use: asMachine, answer: answer(404, ""), want: denied, refused: true, says: "access-key-id"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			isolate(t)
			*route53.CallTimeout = timeout
			if strings.Contains(tt.name, "in time") {
				*route53.CallTimeout = 200 * time.Millisecond
			}
			server := httptest.NewServer(tt.answer)
			t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
			if tt.answer == nil {
				server.Close()
			}
			o := route53.Options{Region: "eu-central-1", Endpoint: server.URL, AccessKeyID: fakeserver.AccessKeyID, SecretAccessKey: fakeserver.SecretAccessKey}
			tt.use(t, &o, server.URL)
			p, err := route53.New(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Zones(t.Context())
			if err == nil || !tt.want(err) || errors.Is(err, dns.ErrDenied) != tt.refused {
				t.Fatalf("Zones: %v, want a denial: %t", err, tt.refused)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %q does not say %q", err, tt.says)
			}
		})
	}
}

// answer has every request answered so: as STS writes errors, or in plain words where there is no code.
func answer(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		if code == "" {
			_, _ = io.WriteString(w, "something else is in between")
			return
		}
		_, _ = io.WriteString(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Code>`+code+`</Code><Message>m</Message></Error></ErrorResponse>`)
	}
}

func TestAServiceOfCredentialsThatComesBackIsUsed(t *testing.T) {
	isolate(t)
	server := fakeserver.New()
	t.Cleanup(server.Close)
	server.AddZone("example.com.", false)
	behind, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	var up atomic.Bool
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(behind); r.Out.Host = r.In.Host }}
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !up.Load() {
			answer(503, "")(w, r)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(sts.Close)
	o := route53.Options{
		Region: "eu-central-1", Endpoint: server.URL, STSEndpoint: sts.URL, RoleARN: "arn:aws:iam::123456789012:role/dns",
		AccessKeyID: fakeserver.AccessKeyID, SecretAccessKey: fakeserver.SecretAccessKey,
	}
	p, err := route53.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Zones(t.Context()); err == nil || errors.Is(err, dns.ErrDenied) || errors.Is(err, context.Canceled) {
		t.Fatalf("Zones while STS is away: %v, want an error that passes", err)
	}
	up.Store(true)
	if zones, err := p.Zones(t.Context()); err != nil || len(zones) != 1 {
		t.Errorf("Zones when STS is back: %v, %v, want the zone", zones, err)
	}
}
