package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"time"

	"github.com/fedhelm/fedhelm/pkg/pki"
)

// turn is what may happen to an authority in one run.
type turn struct {
	generator pki.Generator
	subject   pkix.Name
	validity  time.Duration
	now       time.Time
	forced    bool                                  // start a change although a is good
	distrust  bool                                  // trust nothing but what signs
	renew     string                                // the command that takes a change a step further
	hindrance func() (string, error)                // why no change may start; "" if one may
	trusted   func(*x509.Certificate) (bool, error) // does everybody trust it by now?
}

// advance returns the state that follows a (nil: none yet), and what was done,
// "" for nothing. It never changes a itself.
func (t turn) advance(a *authority) (*authority, string, error) {
	if a == nil {
		first, err := t.create()
		return first, "made", err
	}
	if !t.now.Before(a.Cert.NotAfter) {
		return t.replaceExpired(a)
	}
	current := a.without(func(c *x509.Certificate) bool { return !t.now.Before(c.NotAfter) })
	done := ""
	if len(current.bundle) < len(a.bundle) {
		done = "dropped what had expired"
	}
	switch {
	case t.distrust:
		return t.dropOthers(current)
	case current.next != nil && t.forced:
		// To promote it now would make the same request, when this run is tried
		// again, one for a third authority.
		return current, "a new authority is announced already, and signs after a run that asks for none", nil
	case current.next != nil:
		ready, err := t.trusted(current.next.Cert)
		if err != nil || !ready {
			return current, done, err
		}
		promoted, err := t.promote(current)
		return promoted, "the new authority signs from now on", err
	case t.forced || pki.Due(current.Cert, t.now):
		why, err := t.hindrance()
		if err != nil {
			return nil, "", err
		}
		if why != "" {
			return current, "no new authority can be announced: " + why, nil
		}
		next, err := t.generator.Authority(t.subject, t.validity)
		if err != nil {
			return nil, "", err
		}
		current.next = next
		current.bundle = append(current.bundle, next.Cert)
		return current, "announced a new authority, which signs when everything trusts it", nil
	}
	return current, done, nil
}

func (t turn) create() (*authority, error) {
	made, err := t.generator.Authority(t.subject, t.validity)
	if err != nil {
		return nil, err
	}
	return &authority{Authority: made, bundle: []*x509.Certificate{made.Cert}}, nil
}

// replaceExpired needs no care: nobody trusts anything of the old one any more.
func (t turn) replaceExpired(a *authority) (*authority, string, error) {
	const done = "replaced an authority that had expired"
	if a.next != nil && t.now.Before(a.next.Cert.NotAfter) {
		return &authority{Authority: a.next, bundle: []*x509.Certificate{a.next.Cert}}, done, nil
	}
	fresh, err := t.create()
	return fresh, done, err
}

// dropOthers has nothing trusted but the authority that signs. The run announces
// no successor even if one is due: tried again, it would find that and refuse.
func (t turn) dropOthers(a *authority) (*authority, string, error) {
	if a.next != nil {
		return nil, "", errors.New("--distrust-ca: the new authority does not sign yet, so the old one is still needed; " +
			"an hour after the new one was announced have it sign, and ask again: " + t.renew)
	}
	done := "distrusted all authorities but the one that signs"
	if len(a.bundle) == 1 {
		done = "no other authority is trusted than the one that signs, of " + day(a.Cert.NotBefore)
	}
	return &authority{
		Authority: &pki.Authority{Cert: a.Cert, Key: a.Key},
		bundle:    []*x509.Certificate{a.Cert},
	}, done, nil
}

func (t turn) promote(a *authority) (*authority, error) {
	cross, err := t.generator.Cross(a.Authority, a.next)
	if err != nil {
		return nil, err
	}
	bundle := []*x509.Certificate{a.next.Cert}
	for _, c := range a.bundle {
		if !c.Equal(a.next.Cert) {
			bundle = append(bundle, c)
		}
	}
	return &authority{
		Authority: &pki.Authority{Cert: a.next.Cert, Key: a.next.Key, Chain: []*x509.Certificate{cross}},
		bundle:    bundle,
	}, nil
}
