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
	"os"
	"syscall"
	"time"
)

// plain says in a person's words why there was no answer. It leaves out what differs from one try to the next, such as the port that a
// connection began at: a message that changes is written, and wakes everybody who watches.
func plain(err error, timeout time.Duration) string {
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case err == nil:
		return "no answer"
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("the host cluster's DNS does not know the name %q", dns.Name)
	case errors.As(err, &dns):
		return fmt.Sprintf("the host cluster's DNS does not answer for the name %q", dns.Name)
	case errors.As(err, &unknown):
		return "the server's certificate is not signed by the certificate authority in the member's Secret"
	case errors.As(err, &host):
		return fmt.Sprintf("the server's certificate is not for %s; it can be given another name to look for, by key tls-server-name of the member's Secret", host.Host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate has expired, or is not valid yet"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid"
	case errors.As(err, &record):
		return "the server does not speak TLS"
	case errors.As(err, &alert):
		return "the server refuses the TLS connection"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there (connection refused)"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "there is no route to it from the host cluster"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return fmt.Sprintf("no answer within %s", timeout)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.EPIPE):
		return "the connection was closed before there was an answer"
	default:
		return innermost(err)
	}
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// innermost drops the layers that name addresses and ports.
func innermost(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return err.Error()
}
