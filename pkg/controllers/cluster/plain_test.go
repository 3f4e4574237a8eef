package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestPlain(t *testing.T) {
	dial := func(err error) error {
		from, to := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 39283}, &net.TCPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 6443}
		return &url.Error{Op: "Get", URL: "https://gondor/readyz", Err: &net.OpError{Op: "read", Net: "tcp", Source: from, Addr: to, Err: err}}
	}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{name: "nothing listens", err: dial(syscall.ECONNREFUSED), want: "connection refused"},
		{name: "no route", err: dial(syscall.EHOSTUNREACH), want: "no route"},
		{name: "the deadline", err: &url.Error{Err: context.DeadlineExceeded}, want: "no answer within 5s"},
		{name: "a dial that took too long", err: dial(timeoutError{}), want: "no answer within 5s"},
		{name: "reset", err: dial(syscall.ECONNRESET), want: "closed before"},
		{name: "end of file", err: &url.Error{Err: io.ErrUnexpectedEOF}, want: "closed before"},
		{name: "a name that is not known", err: dial(&net.DNSError{Name: "gondor.example", IsNotFound: true}), want: `does not know the name "gondor.example"`},
		{name: "a name server that is away", err: dial(&net.DNSError{Name: "gondor.example", IsTimeout: true}), want: "does not answer for the name"},
		{name: "another authority", err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, want: "not signed by the certificate authority"},
		{name: "another name", err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "gondor"}, want: "tls-server-name"},
		{name: "expired", err: x509.CertificateInvalidError{Reason: x509.Expired}, want: "has expired"},
		{name: "not valid otherwise", err: x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}, want: "is not valid"},
		{name: "no TLS", err: tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, want: "does not speak TLS"},
		{name: "TLS refused", err: dial(tls.AlertError(40)), want: "refuses the TLS"},
		{name: "anything else", err: dial(errors.New("the beacons are lit")), want: "the beacons are lit"},
		{name: "nothing", want: "no answer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.err
			if err != nil {
				err = fmt.Errorf("probe: %w", err)
			}
			got := plain(err, 5*time.Second)
			if !strings.Contains(got, tt.want) {
				t.Errorf("plain = %q, want %q in it", got, tt.want)
			}
			if strings.Contains(got, "39283") {
				t.Errorf("plain = %q has a port in it that is another each time", got)
			}
		})
	}
}

type timeoutError struct{}

func (timeoutError) Error() string { return "i/o timeout" }
func (timeoutError) Timeout() bool { return true }
