package memberdns

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Answer is what one pod of a cluster's DNS says of a name.
type Answer struct {
	Pod string // NAMESPACE/NAME
	// Err is why the pod gave no answer; then the rest is empty.
	Err  error
	Code string // NOERROR, NXDOMAIN, SERVFAIL …; that which is no success, where A and AAAA differ
	// Names are those that the answer leads over, in their order, without the one that was asked for.
	Names     []string
	Addresses []netip.Addr // of both families, sorted
	TTL       uint32       // the shortest of its records, in seconds
}

// Lookup asks every pod of the cluster's DNS that is ready, once, for the addresses of a name, as a pod of the cluster would with the name in
// full. The answers are sorted by pod. It is an error if there is no pod to be asked.
func Lookup(ctx context.Context, o Options, s Server, name string) ([]Answer, error) {
	if s.Kind == None {
		return nil, fmt.Errorf("the cluster's DNS cannot be asked: %s", s.Reason)
	}
	pods, err := podsOf(ctx, o.Client, metav1.NamespaceSystem, s.selector)
	if err != nil {
		return nil, err
	}
	pods = slices.DeleteFunc(pods, func(p corev1.Pod) bool { return !ready(p) })
	if len(pods) == 0 {
		return nil, fmt.Errorf("no pod %q in namespace %q is ready", s.selector, metav1.NamespaceSystem)
	}
	answers := make([]Answer, len(pods))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i := range pods {
		pod := types.NamespacedName{Namespace: pods[i].Namespace, Name: pods[i].Name}
		group.Go(func() error {
			answers[i] = o.lookup(ctx, pod, s.port, name)
			return nil
		})
	}
	_ = group.Wait() // the answers keep their errors
	return answers, nil
}

func (o Options) lookup(ctx context.Context, pod types.NamespacedName, port int, name string) Answer {
	ctx, cancel := context.WithTimeoutCause(ctx, askTimeout, fmt.Errorf("no answer for %s", askTimeout))
	defer cancel()
	a := Answer{Pod: pod.String()}
	var replies []*dns.Msg
	replies, a.Err = o.Ask(ctx, pod, port, query(name, dns.TypeA), query(name, dns.TypeAAAA))
	worst := dns.RcodeSuccess
	for _, reply := range replies {
		worst = max(worst, reply.Rcode)
		a.add(reply.Answer)
	}
	if a.Err == nil {
		a.Code = cmp.Or(dns.RcodeToString[worst], fmt.Sprintf("RCODE%d", worst))
	}
	slices.SortFunc(a.Addresses, netip.Addr.Compare)
	return a
}

// add takes the records of one reply. Both families are led over the same names.
func (a *Answer) add(records []dns.RR) {
	for _, rr := range records {
		ttl, first := rr.Header().Ttl, len(a.Names)+len(a.Addresses) == 0
		var raw []byte
		switch rr := rr.(type) {
		case *dns.CNAME:
			if !slices.Contains(a.Names, rr.Target) {
				a.Names = append(a.Names, rr.Target)
			}
		case *dns.A:
			raw = rr.A
		case *dns.AAAA:
			raw = rr.AAAA
		default:
			continue
		}
		if first || ttl < a.TTL {
			a.TTL = ttl
		}
		if address, ok := netip.AddrFromSlice(raw); ok && !slices.Contains(a.Addresses, address.Unmap()) {
			a.Addresses = append(a.Addresses, address.Unmap())
		}
	}
}
