//go:build integration

package rfc2136

import (
	"fmt"
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

// bind is a real named that takes updates, and gives transfers, to the key alone. It ends with the test.
type bind struct {
	tb      testing.TB
	address string
	dir     string
	named   *process.Process
}

// startBIND returns when it answers.
func startBIND(tb testing.TB) *bind {
	tb.Helper()
	b := &bind{tb: tb, address: process.FreeAddress(tb), dir: tb.TempDir()}
	b.write("zone", `$TTL 300
@ SOA server hostmaster 1 3600 600 86400 60
@ NS server
server A 192.0.2.53
`)
	b.configure(secret)
	b.start()
	return b
}

func (b *bind) write(name, content string) {
	b.tb.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(content), 0o600); err != nil {
		b.tb.Fatal(err)
	}
}

// configure makes it know the key by a secret. It is read by start and reload.
func (b *bind) configure(secret string) {
	b.tb.Helper()
	_, port, _ := strings.Cut(b.address, ":")
	b.write("named.conf", fmt.Sprintf(`
options {
	directory %[1]q;
	pid-file "named.pid";
	session-keyfile "session.key";
	listen-on port %[2]s { 127.0.0.1; };
	listen-on-v6 { none; };
	recursion no;
	notify no;
	dnssec-validation no;
	allow-transfer { none; };
};
controls {};
key %[3]q { algorithm hmac-sha256; secret %[4]q; };
key "reader." { algorithm hmac-sha256; secret %[5]q; };
zone "example.com" {
	type primary;
	file "zone";
	check-integrity no; // MX records may name what is not there
	allow-update { key %[3]q; };
	allow-transfer { key %[3]q; key "reader."; };
};
`, b.dir, port, keyName, secret, otherSecret))
}

func (b *bind) start() {
	b.tb.Helper()
	b.named = process.Start(b.tb, named(b.tb), "-g", "-n", "1", "-c", filepath.Join(b.dir, "named.conf"))
	b.answers()
}

func (b *bind) answers() {
	b.tb.Helper()
	eventually.Do(b.tb, 30*time.Second, "named to answer", func() error {
		select {
		case <-b.named.Done():
			b.tb.Fatalf("named has ended:\n%s", b.named.Output())
		default:
		}
		m, err := mdns.Exchange(new(mdns.Msg).SetQuestion(zoneName, mdns.TypeSOA), b.address)
		if err == nil && len(m.Answer) == 0 {
			err = fmt.Errorf("it does not have %s: %s", zoneName, mdns.RcodeToString[m.Rcode])
		}
		return err
	})
}

func (b *bind) stop() {
	b.named.Signal(os.Kill)
	<-b.named.Done()
}

// named is BIND's program.
func named(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{"named", "/usr/sbin/named", "/usr/local/sbin/named"} { // sbin is not on everybody's PATH
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	tb.Fatal("BIND's named is not installed; run as root: make test-integration, or: sudo apt-get install --no-install-recommends bind9")
	return ""
}

// as asks with the key, whatever the provider under test does.
func (b *bind) update(tb testing.TB, change func(*mdns.Msg)) {
	tb.Helper()
	m := new(mdns.Msg).SetUpdate(zoneName)
	change(m)
	m.SetTsig(keyName, mdns.HmacSHA256, fudge, time.Now().Unix())
	client := &mdns.Client{Net: "tcp", TsigSecret: map[string]string{keyName: secret}}
	answer, _, err := client.Exchange(m, b.address)
	if err != nil {
		tb.Fatal(err)
	}
	if answer.Rcode != mdns.RcodeSuccess {
		tb.Fatalf("update: %s", mdns.RcodeToString[answer.Rcode])
	}
}
