package members

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"k8s.io/client-go/rest"
)

// Member is a joined cluster that can be asked something. It ends when the cluster leaves the federation, or when its address, its
// certificate authority or the identity used there changes; then there is another Member. A renewed token is not such a change: clients
// go on with the new one by themselves.
//
// Everything that is done on a member is begun with Go, and ends when the context given there does: only then a member counts as released.
type Member struct {
	Name string
	// Home is the namespace of the ServiceAccount that the member knows its clients as; "" if the credential does not say.
	Home string
	// Config is for clients of the member; it has no time-out and limits no rate. All clients made from it, or from copies of it,
	// share connections, which are those of this Member alone. It holds no credential itself.
	Config *rest.Config
	// Client asks for single objects by their paths.
	Client rest.Interface
	// HTTP asks for what is no API object, such as /readyz, below Config.Host.
	HTTP *http.Client

	link   *link
	ctx    context.Context // the Member's own life, handed out by Go
	cancel context.CancelFunc

	mu    sync.Mutex // between Go and end
	ended bool
	work  sync.WaitGroup
}

// newMember returns a member that ends with ctx at the latest.
func newMember(ctx context.Context, name string, l *link) (*Member, error) {
	client, err := l.client()
	if err != nil {
		return nil, err
	}
	plain, err := rest.HTTPClientFor(l.config)
	if err != nil {
		return nil, fmt.Errorf("set up a client of %s: %w", l.server, err)
	}
	m := &Member{Name: name, Config: l.config, Client: client, HTTP: plain, link: l}
	m.ctx, m.cancel = context.WithCancel(ctx)
	return m, nil
}

// Go calls f in a goroutine of its own, with a context that ends when the Member does. f must return soon after that: until then the
// member is not released. It reports false, without calling f, if the Member has ended already.
func (m *Member) Go(f func(ctx context.Context)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended || m.ctx.Err() != nil {
		return false
	}
	m.work.Go(func() { f(m.ctx) })
	return true
}

// Done is closed when the Member ends. Work on it may go on for a moment.
func (m *Member) Done() <-chan struct{} { return m.ctx.Done() }

// Reconnect makes requests from now on go over new connections. It is for a member that does not answer: its connections may lead to a
// machine that is gone, which is noticed only after some time, while new ones would lead to another.
func (m *Member) Reconnect() { m.link.reconnect() }

// end returns when nothing works on the member any more.
func (m *Member) end() {
	m.mu.Lock()
	m.ended = true
	m.mu.Unlock()
	m.cancel()
	m.work.Wait()
	m.link.close()
}
