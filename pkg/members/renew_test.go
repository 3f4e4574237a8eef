package members

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kubeconfig"
	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
)

// issuer is a member that gives new tokens.
type issuer struct {
	*httptest.Server
	mu       sync.Mutex
	status   int    // what it answers; 201 if 0
	next     string // the token it gives
	bearer   string // the token of the last request
	path     string
	seconds  int64
	requests int
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{}
	i.Server = httptest.NewTLSServer(http.HandlerFunc(i.answer))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) answer(w http.ResponseWriter, req *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.requests++
	i.path, i.bearer = req.URL.Path, strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
	var review authenticationv1.TokenRequest
	body, err := io.ReadAll(req.Body)
	if err == nil {
		err = json.Unmarshal(body, &review)
	}
	if err != nil || i.status != 0 {
		w.WriteHeader(max(i.status, 400))
		return
	}
	if review.Spec.ExpirationSeconds != nil {
		i.seconds = *review.Spec.ExpirationSeconds
	}
	review.Status.Token = i.next
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(review)
}

func (i *issuer) set(status int, next string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.status, i.next = status, next
}

func (i *issuer) ca() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.Certificate().Raw})
}

func (i *issuer) asked(want int) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.requests != want {
		return fmt.Errorf("asked %d times, not %d", i.requests, want)
	}
	return nil
}

// joined returns a registry with a member at the issuer, whose token lives a day from noon.
func joined(t *testing.T, i *issuer) (*fixture, State) {
	t.Helper()
	f := newFixture(t)
	s := secretOf(t, "gondor", jwt(account, noon, 24*time.Hour))
	s.Data[CAKey] = i.ca()
	f.secrets.put(s)
	f.Follow(t.Context(), gondorAt(i.URL))
	return f, f.becomes(fedv1beta1.ReasonCredentialValid)
}

func (f *fixture) token() string {
	f.secrets.mu.Lock()
	defer f.secrets.mu.Unlock()
	return string(f.secrets.secrets["fellowship.gondor"].Data[TokenKey])
}

func TestTokenIsRenewedAtHalfOfItsLife(t *testing.T) {
	i := newIssuer(t)
	f, before := joined(t, i)
	old, renewed := f.token(), jwt(account, noon.Add(12*time.Hour), 24*time.Hour)
	i.set(0, renewed)

	f.clock.Step(12*time.Hour - time.Second)
	time.Sleep(20 * time.Millisecond)
	if err := i.asked(0); err != nil {
		t.Errorf("a second before half of the token's life: %v", err)
	}
	f.clock.Step(time.Second)
	after := f.until("a new token", func(s State) bool { return s.Credential.SecretVersion == "2" })
	if f.token() != renewed || !after.Credential.Expires.Equal(noon.Add(36*time.Hour)) || after.Credential.Reason != fedv1beta1.ReasonCredentialValid {
		t.Errorf("state %+v, want the new token's", after.Credential)
	}
	if after.Member != before.Member {
		t.Error("the member was replaced with its token")
	}
	if want := "/api/v1/namespaces/federation-system/serviceaccounts/fellowship-member/token"; i.path != want || i.bearer != old || i.seconds != 3600 {
		t.Errorf("asked %s for %d s by %q, want %s for 3600 s by the old token", i.path, i.seconds, i.bearer, want)
	}
	if _, err := after.Member.Client.Get().AbsPath("/").Do(t.Context()).Raw(); err == nil || i.bearer != renewed {
		t.Errorf("the member is asked by %q (%v), want the new token", i.bearer, err)
	}
}

func TestRenewalThatFailsIsToldAndTriedAgain(t *testing.T) {
	i := newIssuer(t)
	f, before := joined(t, i)
	i.set(http.StatusForbidden, "")
	f.clock.Step(12 * time.Hour)
	s := f.becomes(fedv1beta1.ReasonRenewalFailed)
	if s.Member != before.Member || !strings.Contains(s.Credential.Message, "serviceaccounts/token") || !strings.Contains(s.Credential.Message, "2026-11-23T12:00:00Z") {
		t.Errorf("state %+v, want the same member, the right that is missing, and until when the token is valid", s)
	}
	f.clock.Step(59 * time.Second)
	time.Sleep(20 * time.Millisecond)
	if err := i.asked(1); err != nil {
		t.Errorf("before a minute has passed: %v", err)
	}
	i.set(0, jwt(account, noon.Add(12*time.Hour), 24*time.Hour))
	eventually.Do(t, 5*time.Second, "the next try", func() error {
		f.clock.Step(time.Second)
		return i.asked(2)
	})
	f.becomes(fedv1beta1.ReasonCredentialValid)
}

func TestTokenThatIsNoGoodIsNotStored(t *testing.T) {
	later := noon.Add(12 * time.Hour)
	for name, token := range map[string]string{
		"no token at all":             "opaque",
		"another's":                   jwt("system:serviceaccount:kube-system:default", later, 24*time.Hour),
		"one that has ended":          jwt(account, noon, time.Hour),
		"one that no header can hold": jwt(account, later, 24*time.Hour) + "\n",
		"one that no Secret can hold": jwt(account, later, 24*time.Hour) + strings.Repeat("A", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			f, before := joined(t, i)
			old := f.token()
			i.set(0, token)
			f.clock.Step(12 * time.Hour)
			s := f.becomes(fedv1beta1.ReasonRenewalFailed)
			if f.token() != old || s.Member != before.Member {
				t.Errorf("state %+v, want the old token, by which the member can be asked still", s.Credential)
			}
		})
	}
}

func TestTokenThatIsNeverRenewedEnds(t *testing.T) {
	i := newIssuer(t)
	i.set(http.StatusNotFound, "")
	f, before := joined(t, i)
	f.clock.Step(12 * time.Hour)
	f.becomes(fedv1beta1.ReasonRenewalFailed)
	f.clock.Step(12 * time.Hour)
	s := f.becomes(fedv1beta1.ReasonCredentialExpired)
	if s.Member != nil || !strings.Contains(s.Credential.Message, "fedhelm join gondor --refresh") {
		t.Errorf("state %+v, want no member, and the command that helps", s)
	}
	<-before.Member.Done()
}

func TestSecretThatChangesWhileItsTokenIsRenewed(t *testing.T) {
	t.Run("somebody else's token stays", func(t *testing.T) {
		i := newIssuer(t)
		f, _ := joined(t, i)
		i.set(0, jwt(account, noon.Add(12*time.Hour), 24*time.Hour))
		theirs := secretOf(t, "gondor", jwt(account, noon, 48*time.Hour))
		theirs.Data[CAKey] = i.ca()
		f.secrets.before = func() { f.secrets.put(theirs) }
		f.clock.Step(12 * time.Hour)
		f.until("their token", func(s State) bool { return s.Credential.Expires.Equal(noon.Add(48 * time.Hour)) })
		if f.token() != string(theirs.Data[TokenKey]) || f.secrets.patched != 0 {
			t.Error("what somebody else wrote was overwritten")
		}
	})
	t.Run("a label does not keep the new token out", func(t *testing.T) {
		i := newIssuer(t)
		f, _ := joined(t, i)
		renewed := jwt(account, noon.Add(12*time.Hour), 24*time.Hour)
		i.set(0, renewed)
		labelled := secretOf(t, "gondor", f.token())
		labelled.Data[CAKey], labelled.Labels["note"] = i.ca(), "1"
		f.secrets.before = func() { f.secrets.put(labelled) }
		f.clock.Step(12 * time.Hour)
		f.until("the new token", func(s State) bool { return s.Credential.SecretVersion == "3" })
		if f.token() != renewed || f.secrets.secrets[labelled.Name].Labels["note"] != "1" {
			t.Error("the Secret has not both the new token and the label")
		}
	})
}

func TestTokenInAKubeconfigIsRenewedThere(t *testing.T) {
	i := newIssuer(t)
	f := newFixture(t)
	config := func(token string) []byte {
		data, err := kubeconfig.Encode(kubeconfig.New(kubeconfig.Entry{Name: "gondor", Server: i.URL, CA: i.ca(), Token: token}))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	s := secretOf(t, "gondor", "")
	s.Data = map[string][]byte{KubeconfigKey: config(jwt(account, noon, 24*time.Hour))}
	f.secrets.put(s)
	renewed := jwt(account, noon.Add(12*time.Hour), 24*time.Hour)
	i.set(0, renewed)
	f.Follow(t.Context(), gondorAt(i.URL))
	f.becomes(fedv1beta1.ReasonCredentialValid)
	f.clock.Step(12 * time.Hour)
	f.until("the new token", func(s State) bool { return s.Credential.SecretVersion == "2" })
	if got := f.secrets.secrets[s.Name].Data; len(got) != 1 || !bytes.Equal(got[KubeconfigKey], config(renewed)) {
		t.Errorf("the Secret holds %q", got)
	}
}

func TestTokensAreNotLogged(t *testing.T) {
	i := newIssuer(t)
	var out syncBuffer
	logger := textlogger.NewLogger(textlogger.NewConfig(textlogger.Verbosity(10), textlogger.Output(&out)))
	f := newFixture(t)
	s := secretOf(t, "gondor", jwt(account, noon, 24*time.Hour))
	s.Data[CAKey] = i.ca()
	f.secrets.put(s)
	renewed := jwt(account, noon.Add(12*time.Hour), 24*time.Hour)
	i.set(0, renewed)
	f.Follow(klog.NewContext(t.Context(), logger), gondorAt(i.URL))
	f.becomes(fedv1beta1.ReasonCredentialValid)
	f.clock.Step(12 * time.Hour)
	f.until("the new token", func(s State) bool { return s.Credential.SecretVersion == "2" })
	eventually.Do(t, 5*time.Second, "the renewal to be logged", func() error {
		if !strings.Contains(out.String(), "renewed") {
			return fmt.Errorf("logged is %q", out.String())
		}
		return nil
	})
	for _, token := range []string{renewed, string(s.Data[TokenKey])} {
		if strings.Contains(out.String(), token) {
			t.Errorf("a token was logged:\n%s", out.String())
		}
	}
}

// syncBuffer can be written to by several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
