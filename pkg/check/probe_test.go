package check

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

func TestSkewIsWhatNothingElseExplains(t *testing.T) {
	tests := []struct {
		name           string
		sent, received time.Duration // after noon
		date           time.Duration
		want           time.Duration
	}{
		{name: "the same second", sent: 100 * time.Millisecond, received: 200 * time.Millisecond, want: 0},
		{name: "the second was cut off", sent: 900 * time.Millisecond, received: 950 * time.Millisecond, want: 0},
		{name: "an answer that took long", sent: 0, received: 8 * time.Second, date: 4 * time.Second, want: 0},
		{name: "a clock that is ahead", received: time.Second, date: time.Minute, want: 59 * time.Second},
		{name: "a clock that is behind", sent: time.Hour, received: time.Hour, date: 0, want: -time.Hour + time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := skew(noon.Add(tt.sent), noon.Add(tt.received), noon.Add(tt.date)); got != tt.want {
				t.Errorf("skew = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestProber(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		if r.URL.String() != "/readyz?verbose" || r.Header.Get("Authorization") != "Bearer t" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte("[-]etcd failed"))
	}))
	defer server.Close()
	prober, err := NewProber(&rest.Config{Host: server.URL + "/", BearerToken: "t", TLSClientConfig: rest.TLSClientConfig{Insecure: true}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := prober.Get(t.Context(), "/readyz?verbose")
	if err != nil || got.Status != http.StatusInternalServerError || got.Body != "[-]etcd failed" {
		t.Errorf("Get = %+v, %v; an answer of any status is one", got, err)
	}
	if ahead, err := (Clock{prober}).Skew(t.Context()); err != nil || (ahead+time.Hour).Abs() > 3*time.Second {
		t.Errorf("Skew = %s, %v; want an hour behind", ahead, err)
	}
	server.Close()
	if _, err := prober.Get(t.Context(), "/"); err == nil {
		t.Error("a server that is gone answers")
	}
	if _, err := NewProber(&rest.Config{Host: "https://a", TLSClientConfig: rest.TLSClientConfig{CAFile: "/nonexistent"}}); err == nil {
		t.Error("a CA file that is not there is no error")
	}
}
