// Package configured is a DNS provider whose configuration is a file that is read again when it changes.
package configured

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/dns"
	"github.com/fedhelm/fedhelm/pkg/dns/providers"
	"github.com/fedhelm/fedhelm/pkg/dnsconfig"
)

// readAgain is how long a file is taken to be what it was.
const readAgain = 5 * time.Second

// Options say which provider it is.
type Options struct {
	Provider string
	File     string // "": there is none, and the provider needs none
	// Observe is told of every call to the provider, once it is over. It may be nil.
	Observe func(call string, err error)
	// Read is told each time that the file was read and is another, or cannot be used: then why. It may be nil.
	Read func(err error)
}

// Provider is one that is configured by a file. If the file becomes one that cannot be used, it goes on as it was.
type Provider struct {
	o Options

	mu     sync.Mutex
	is     *used
	form   int // how often it became another one
	text   []byte
	failed string // of the last try
	next   time.Time
}

// used is a provider, and how many calls to it go on. One that is out of date is closed after the last of them.
type used struct {
	dns.Provider
	calls   int
	retired bool
}

// Open reads the file, and makes the provider.
func Open(ctx context.Context, o Options) (*Provider, error) {
	if o.Read == nil {
		o.Read = func(error) {}
	}
	p := &Provider{o: o}
	if err := p.refresh(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// refresh makes another provider if the file is another. Calls that go on end with the one before.
func (p *Provider) refresh(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); p.is != nil && now.Before(p.next) {
		return nil
	}
	p.next = time.Now().Add(readAgain)
	config, text, err := read(p.o.Provider, p.o.File)
	if err == nil && p.is != nil && bytes.Equal(text, p.text) {
		if p.failed != "" { // it was another file for a while
			p.failed = ""
			p.o.Read(nil)
		}
		return nil
	}
	var is dns.Provider
	if err == nil {
		is, err = providers.New(ctx, config, providers.Options{Dir: filepath.Dir(p.o.File), Observe: p.o.Observe})
	}
	if err != nil {
		if p.failed != err.Error() {
			p.failed = err.Error()
			p.o.Read(err)
		}
		return err
	}
	p.retire()
	p.is, p.text, p.failed = &used{Provider: is}, text, ""
	p.form++
	p.o.Read(nil)
	return nil
}

// retire has what is used now closed when nobody uses it any more.
func (p *Provider) retire() {
	if p.is != nil {
		p.is.retired = true
		p.is.closeUnused()
	}
}

func (u *used) closeUnused() {
	if closer, ok := u.Provider.(io.Closer); ok && u.retired && u.calls == 0 {
		_ = closer.Close() // nothing is lost with it
	}
}

// Close ends it, once no call goes on.
func (p *Provider) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.retire()
	return nil
}

// Form is another number each time that the provider has become another one. It looks at the file when that is due.
func (p *Provider) Form(ctx context.Context) int {
	_ = p.refresh(ctx) // Read was told
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.form
}

// use returns the provider as the file says it is now, until done is called.
func (p *Provider) use(ctx context.Context) (is dns.Provider, done func()) {
	_ = p.refresh(ctx) // Read was told
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.is
	u.calls++
	return u, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		u.calls--
		u.closeUnused()
	}
}

// Zones implements dns.Provider.
func (p *Provider) Zones(ctx context.Context) ([]dns.Zone, error) {
	is, done := p.use(ctx)
	defer done()
	return is.Zones(ctx)
}

// CreateZone implements dns.Provider.
func (p *Provider) CreateZone(ctx context.Context, name string) (dns.Zone, error) {
	is, done := p.use(ctx)
	defer done()
	return is.CreateZone(ctx, name)
}

// Records implements dns.Provider.
func (p *Provider) Records(ctx context.Context, zone dns.Zone, under string) ([]dns.RecordSet, error) {
	is, done := p.use(ctx)
	defer done()
	return is.Records(ctx, zone, under)
}

// Apply implements dns.Provider.
func (p *Provider) Apply(ctx context.Context, zone dns.Zone, units []dns.Unit) error {
	is, done := p.use(ctx)
	defer done()
	return is.Apply(ctx, zone, units)
}

// ZoneID is that which the file chooses a zone by; "" if it does not, or cannot be used.
func ZoneID(provider, file string) string {
	config, _, err := read(provider, file)
	if err != nil {
		return ""
	}
	return config.ZoneID()
}

// Servers are the addresses (host:port) of DNS servers that can be asked for the zone, sorted: those that lie beside the file, where the
// federation has its own server, or else those that the file names. None if neither is known yet.
func Servers(provider, file string) []string {
	if file == "" {
		return nil
	}
	if text, err := os.ReadFile(filepath.Join(filepath.Dir(file), fedv1beta1.DNSServersKey)); err == nil {
		all := strings.FieldsFunc(string(text), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
		slices.Sort(all)
		return all
	}
	config, _, err := read(provider, file)
	if err != nil || config.CoreDNS == nil {
		return nil
	}
	return slices.Sorted(slices.Values(config.CoreDNS.Servers))
}

func read(provider, file string) (dnsconfig.Config, []byte, error) {
	var text []byte
	if file != "" {
		var err error
		if text, err = os.ReadFile(file); err != nil {
			return dnsconfig.Config{}, nil, fmt.Errorf("read the configuration of DNS provider %s: %w", provider, err)
		}
	}
	config, err := dnsconfig.Parse(provider, text)
	return config, text, err
}
