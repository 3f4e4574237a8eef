package memberdns

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/clusterdns"
)

// State is how a cluster's DNS is set up for a federation.
type State string

// The states. Where the DNS is None there is no state.
const (
	InPlace State = "in place"
	Missing State = "missing"
	Differs State = "differs" // it is there, but not as Configure would write it
)

// Report is what Check found.
type Report struct {
	Server Server
	State  State
	Why    string // what is missing or differs, for people
	Err    error  // why a pod does not answer; nil: all that are ready do, or there was nothing to ask
}

// Check tells whether the federation is in the cluster's DNS as Configure would put it there and, where it can be
// told, whether every pod of the DNS that is ready answers for it. It changes nothing and asks each pod once.
func Check(ctx context.Context, o Options) (Report, error) {
	s, err := Detect(ctx, o.Client, Auto)
	if err != nil {
		return Report{}, err
	}
	r := Report{Server: s}
	switch {
	case s.byHand != nil:
		r.State, r.Why, err = o.handmade(ctx, s, s.byHand)
		return r, err
	case s.Kind == CoreDNS:
		r.State, r.Why, err = o.blockState(ctx, s)
	case s.Kind == KubeDNS:
		r.State, r.Why, err = o.entryState(ctx, s)
	default:
		return r, nil
	}
	if err == nil && r.State == Missing && s.Kind == CoreDNS {
		if why := o.served(ctx, s); why != nil {
			r.State, r.Why, err = o.handmade(ctx, s, why)
		}
	}
	if err != nil || r.State == Missing {
		return r, err
	}
	questions := []question{s.alive()}
	if s.Kind == CoreDNS {
		questions = append(questions, o.Federation.known(s.Domain))
	}
	round, err := o.round(ctx, metav1.NamespaceSystem, s.selector, s.port, questions, map[types.UID]bool{})
	r.Err = round.why
	return r, err
}

// served returns why there can be no block of ours: somebody else's is there.
func (o Options) served(ctx context.Context, s Server) error {
	r, err := o.resolver(ctx)
	if err != nil {
		return nil //nolint:nilerr // without a resolver it cannot be set up by hand either
	}
	if _, err = clusterdns.AddBlock(s.text, s.block(o.Federation, r.address)); errors.Is(err, clusterdns.ErrServed) {
		return err
	}
	return nil
}

// handmade judges by its answers a DNS that is not ours to change.
func (o Options) handmade(ctx context.Context, s Server, why error) (State, string, error) {
	round, err := o.lead(ctx, s)
	if err != nil || round.why == nil {
		return InPlace, "", err
	}
	return Missing, fmt.Sprintf("%v: %v", why, round.why), nil
}

// differs is for what can be told, only not be right.
func differs(why error) (State, string, error) { return Differs, why.Error(), nil }

func (o Options) configMap(ctx context.Context, name string) (*corev1.ConfigMap, error) {
	cm, err := o.Client.CoreV1().ConfigMaps(metav1.NamespaceSystem).Get(ctx, name, metav1.GetOptions{})
	if !exists(err) {
		return &corev1.ConfigMap{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("get ConfigMap %q: %w", metav1.NamespaceSystem+"/"+name, err)
	}
	return cm, nil
}

func (o Options) blockState(ctx context.Context, s Server) (State, string, error) {
	cm, err := o.configMap(ctx, s.ConfigMap)
	if err != nil {
		return "", "", err
	}
	key := s.place(o.Federation).key
	found, err := clusterdns.FindBlock(cm.Data[key], o.Federation.owner())
	if err != nil {
		return differs(err)
	}
	where := fmt.Sprintf("key %q of ConfigMap %q", key, metav1.NamespaceSystem+"/"+s.ConfigMap)
	if found == "" {
		return Missing, fmt.Sprintf("%s has no block of federation %q", where, o.Federation.Name), nil
	}
	resolver, err := o.resolver(ctx)
	if err != nil {
		return differs(err)
	}
	if found != s.block(o.Federation, resolver.address).String() {
		return Differs, fmt.Sprintf("the block of federation %q in %s is not what fedhelm join writes", o.Federation.Name, where), nil
	}
	return InPlace, "", nil
}

func (o Options) entryState(ctx context.Context, s Server) (State, string, error) {
	cm, err := o.configMap(ctx, s.ConfigMap)
	if err != nil {
		return "", "", err
	}
	value := cm.Data[s.Key]
	where := fmt.Sprintf("key %q of ConfigMap %q", s.Key, metav1.NamespaceSystem+"/"+s.ConfigMap)
	zone, found := clusterdns.FederationZone(value, o.Federation.Name)
	if !found {
		return Missing, fmt.Sprintf("%s has no entry of federation %q", where, o.Federation.Name), nil
	}
	merged, err := clusterdns.MergeFederation(value, o.Federation.Name, o.Federation.Zone)
	if err != nil {
		return differs(err)
	}
	if merged != value {
		return Differs, fmt.Sprintf("%s gives federation %q the zone %q, and it has %q", where, o.Federation.Name, zone, o.Federation.Zone), nil
	}
	if err := clusterdns.CheckFederations(value); err != nil {
		return Differs, fmt.Sprintf("kube-dns ignores %s: %v", where, err), nil
	}
	return InPlace, "", nil
}
