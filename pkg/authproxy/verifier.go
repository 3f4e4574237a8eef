package authproxy

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/fedhelm/fedhelm/pkg/reload"
)

const (
	// rememberFor is how long a password that was right needs no bcrypt.
	rememberFor = time.Minute
	// maxPassword is what bcrypt looks at; it would ignore the rest.
	maxPassword = 72
)

// verifier verifies user names and passwords. All ways to a refusal cost the same:
// one bcrypt comparison.
type verifier struct {
	users   *reload.Value[*credentials]
	limiter *limiter
	slots   chan struct{} // one for each comparison under way
	compare func(hash, password []byte) error
	now     func() time.Time
}

// credentials are the users of one content of the users file, and the passwords of
// theirs that were right. A changed file forgets them.
type credentials struct {
	users map[string]*user
	decoy []byte // compared with the password of who is unknown
	key   []byte

	mu         sync.Mutex
	remembered map[string]memory
}

type memory struct {
	mac        []byte
	freshUntil time.Time
}

func newVerifier(o Options) (*verifier, error) {
	users, err := reload.New(func(contents [][]byte) (*credentials, error) {
		return newCredentials(contents[0])
	}, o.UsersFile)
	if err != nil {
		return nil, fmt.Errorf("users file: %w", err)
	}
	users.OnReload = o.reloaded("users")
	return &verifier{
		users:   users,
		limiter: newLimiter(time.Now),
		slots:   make(chan struct{}, runtime.GOMAXPROCS(0)),
		compare: bcrypt.CompareHashAndPassword,
		now:     time.Now,
	}, nil
}

func newCredentials(file []byte) (*credentials, error) {
	users, err := parseUsers(file)
	if err != nil {
		return nil, err
	}
	c := &credentials{users: users, key: make([]byte, sha256.Size), remembered: map[string]memory{}}
	rand.Read(c.key)
	cost := bcrypt.MinCost // as the users' own, so that time does not tell the one from the other
	for _, u := range users {
		cost = max(cost, u.cost)
	}
	c.decoy, err = bcrypt.GenerateFromPassword(c.key[:16], cost)
	return c, err
}

// verify returns who the password belongs to, errUnauthorized or tooManyError.
func (v *verifier) verify(ctx context.Context, source netip.Prefix, name, password string) (*identity, error) {
	c := v.users.Get()
	mac := c.mac(name, password)
	id, fresh := c.recall(name, mac, v.now())
	if fresh {
		return id, nil
	}
	if id != nil { // no guess: others' guesses behind the same address must not lock it out
		return v.check(ctx, c, name, password, mac)
	}
	if retryAfter, ok := v.limiter.take(source); !ok {
		return nil, tooManyError{retryAfter}
	}
	id, err := v.check(ctx, c, name, password, mac)
	if !errors.Is(err, errUnauthorized) {
		v.limiter.refund(source)
	}
	return id, err
}

// check waits for a slot, compares the password and remembers it if it is right.
func (v *verifier) check(ctx context.Context, c *credentials, name, password string, mac []byte) (*identity, error) {
	select {
	case v.slots <- struct{}{}:
		defer func() { <-v.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a password to be verified: %w", context.Cause(ctx))
	}
	if id, fresh := c.recall(name, mac, v.now()); fresh { // by another request, while this one waited
		return id, nil
	}
	u, hash := c.users[name], c.decoy
	if u != nil {
		hash = u.hash
	}
	err := v.compare(hash, []byte(password))
	if u == nil || err != nil || len(password) > maxPassword {
		return nil, fmt.Errorf("%w: wrong user name or password", errUnauthorized)
	}
	c.remember(name, mac, v.now().Add(rememberFor))
	return &u.identity, nil
}

// mac stands for a name and password in memory.
func (c *credentials) mac(name, password string) []byte {
	h := hmac.New(sha256.New, c.key)
	fmt.Fprintf(h, "%d:%s%s", len(name), name, password)
	return h.Sum(nil)
}

// recall returns who the password was right for, nil if that is not known, and
// whether it still needs no bcrypt.
func (c *credentials) recall(name string, mac []byte, now time.Time) (id *identity, fresh bool) {
	c.mu.Lock()
	m, ok := c.remembered[name]
	c.mu.Unlock()
	if !ok || !hmac.Equal(m.mac, mac) {
		return nil, false
	}
	return &c.users[name].identity, now.Before(m.freshUntil)
}

// remember keeps one password for each user, so there are never more than users.
func (c *credentials) remember(name string, mac []byte, freshUntil time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remembered[name] = memory{mac: mac, freshUntil: freshUntil}
}
