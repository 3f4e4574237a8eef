// Package bind runs a real BIND whose zone takes dynamic updates, for integration and end-to-end tests: a server as users have it.
package bind

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/fedhelm/fedhelm/pkg/testutil/eventually"
	"github.com/fedhelm/fedhelm/pkg/testutil/process"
)

// Key signs messages, by HMAC-SHA256.
type Key struct {
	Name   string // absolute
	Secret string // base64
}

// Options say what the server has.
type Options struct {
	IP      string // that it listens on; default: 127.0.0.1
	Zone    string // absolute
	Records string // of the zone, as in a zone file, beside SOA, NS and that server's address
	Key     Key    // may update and transfer the zone; needed
	Reader  Key    // may transfer it, and no more; without a name: there is none
}

// Server is a named that ends with the test.
type Server struct {
	Address string // host:port, UDP and TCP; the same after a restart

	tb      testing.TB
	options Options
	dir     string
	named   *process.Process
}

// Start returns when it answers.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	if o.IP == "" {
		o.IP = "127.0.0.1"
	}
	b := &Server{Address: process.FreeAddressOf(tb, o.IP), tb: tb, options: o, dir: tb.TempDir()}
	b.write("zone", `$TTL 300
@ SOA ns hostmaster 1 3600 600 86400 60
ns A 192.0.2.53
@ NS ns
`+o.Records)
	b.Start()
	return b
}

// Start starts it again after Stop, with the zone as it was, and returns when it answers.
func (b *Server) Start() {
	b.tb.Helper()
	b.write("named.conf", b.configuration())
	b.named = process.Start(b.tb, program(b.tb), "-g", "-n", "1", "-c", filepath.Join(b.dir, "named.conf"))
	eventually.Do(b.tb, 30*time.Second, "named to answer", func() error {
		select {
		case <-b.named.Done():
			b.tb.Fatalf("named has ended:\n%s", b.named.Output())
		default:
		}
		m, err := mdns.Exchange(new(mdns.Msg).SetQuestion(b.options.Zone, mdns.TypeSOA), b.Address)
		if err == nil && len(m.Answer) == 0 {
			err = fmt.Errorf("it does not have %s: %s", b.options.Zone, mdns.RcodeToString[m.Rcode])
		}
		return err
	})
}

// Stop kills it.
func (b *Server) Stop() {
	b.named.Signal(os.Kill)
	<-b.named.Done()
}

// ChangeSecret restarts it with another secret of the key.
func (b *Server) ChangeSecret(secret string) {
	b.tb.Helper()
	b.Stop()
	b.options.Key.Secret = secret
	b.Start()
}

func (b *Server) write(name, content string) {
	b.tb.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(content), 0o600); err != nil {
		b.tb.Fatal(err)
	}
}

func (b *Server) configuration() string {
	_, port, _ := net.SplitHostPort(b.Address)
	var keys, readers strings.Builder
	for _, key := range []Key{b.options.Key, b.options.Reader} {
		if key.Name != "" {
			fmt.Fprintf(&keys, "key %q { algorithm hmac-sha256; secret %q; };\n", key.Name, key.Secret)
			fmt.Fprintf(&readers, "key %q; ", key.Name)
		}
	}
	return fmt.Sprintf(`
options {
	directory %q;
	pid-file "named.pid";
	session-keyfile "session.key";
	listen-on port %s { %s; };
	listen-on-v6 { none; };
	recursion no;
	notify no;
	dnssec-validation no;
	allow-transfer { none; };
};
controls {};
%szone %q {
	type primary;
	file "zone";
	check-integrity no; // MX records may name what is not there
	allow-update { key %q; };
	allow-transfer { %s};
};
`, b.dir, port, b.options.IP, keys.String(), strings.TrimSuffix(b.options.Zone, "."), b.options.Key.Name, readers.String())
}

// program is BIND's.
func program(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{"named", "/usr/sbin/named", "/usr/local/sbin/named"} { // sbin is not on everybody's PATH
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	tb.Fatal("BIND's named is not installed; run as root: ci/bind.sh, or: sudo apt-get install --no-install-recommends bind9")
	return ""
}
