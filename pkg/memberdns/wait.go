package memberdns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

const (
	every      = 500 * time.Millisecond // between two rounds of questions
	askTimeout = 5 * time.Second
	atOnce     = 8 // pods that are asked beside each other
	// patience is how long a cluster's DNS may fail its own cluster before what was changed is undone.
	patience = 20 * time.Second
)

// errBroken: since the change the cluster's ordinary names are not answered.
var errBroken = errors.New("the cluster's own names are not answered any more")

// question is what a pod is asked, and what is wrong with its answer.
type question struct {
	query *dns.Msg
	check func(answer *dns.Msg) error
	vital bool // the cluster lives on it
}

// wait asks the ready pods until each has answered every question well. The error says which pod does not, and why.
func (o Options) wait(ctx context.Context, namespace string, selector labels.Selector, port int, questions ...question) error {
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout(), ErrNoAnswer)
	defer cancel()
	good := map[types.UID]bool{}
	fine := time.Now()
	waiting := ""
	for {
		r, err := o.round(ctx, namespace, selector, port, questions, good)
		if err == nil && r.why == nil {
			return nil
		}
		if err == nil {
			err = r.why
		}
		if !r.broken {
			fine = time.Now()
		}
		if text := err.Error(); waiting != text && (ctx.Err() == nil || waiting == "") { // not what the end of ctx made of it
			waiting = text
			o.tell(waiting)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %s", context.Cause(ctx), waiting)
		case <-time.After(every):
		}
		if time.Since(fine) > patience {
			return fmt.Errorf("%w: %s", errBroken, waiting)
		}
	}
}

// result is how a round of questions went.
type result struct {
	why    error // nil: all is well
	broken bool
}

// round asks every ready pod that has not answered well before, and adds to good those that do.
func (o Options) round(ctx context.Context, namespace string, selector labels.Selector, port int, questions []question, good map[types.UID]bool) (result, error) {
	pods, err := podsOf(ctx, o.Client, namespace, selector)
	if err != nil {
		return result{}, err
	}
	pods = slices.DeleteFunc(pods, func(p corev1.Pod) bool { return !ready(p) })
	if len(pods) == 0 {
		return result{fmt.Errorf("no pod %q in namespace %q is ready", selector, namespace), true}, nil
	}
	pods = slices.DeleteFunc(pods, func(p corev1.Pod) bool { return good[p.UID] })
	results := make([]result, len(pods))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, pod := range pods {
		group.Go(func() error {
			results[i] = o.ask(ctx, pod, port, questions)
			return nil
		})
	}
	_ = group.Wait() // they keep their errors themselves
	var all result
	for i, r := range results {
		good[pods[i].UID] = r.why == nil
		all.broken = all.broken || r.broken
		if all.why == nil {
			all.why = r.why
		}
	}
	return all, nil
}

// ask asks one pod every question.
func (o Options) ask(ctx context.Context, pod corev1.Pod, port int, questions []question) result {
	ctx, cancel := context.WithTimeoutCause(ctx, askTimeout, fmt.Errorf("no answer for %s", askTimeout))
	defer cancel()
	queries := make([]*dns.Msg, len(questions))
	for i, q := range questions {
		queries[i] = q.query.Copy()
		queries[i].Id = dns.Id()
	}
	answers, err := o.Ask(ctx, types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}, port, queries...)
	if err != nil {
		return result{why: err}
	}
	for i, q := range questions {
		if err := q.check(answers[i]); err != nil {
			return result{fmt.Errorf("pod %q: %w", pod.Namespace+"/"+pod.Name, err), q.vital}
		}
	}
	return result{}
}

func ready(pod corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// works waits until the cluster's DNS answers the cluster's own names.
func (o Options) works(ctx context.Context, s Server) error {
	return o.wait(ctx, metav1.NamespaceSystem, s.selector, s.port, s.alive())
}

// leads waits until it answers those and the federation's as well.
func (o Options) leads(ctx context.Context, s Server) error {
	return o.wait(ctx, metav1.NamespaceSystem, s.selector, s.port, s.alive(), o.Federation.known(s.Domain))
}

// lead asks once what leads waits for.
func (o Options) lead(ctx context.Context, s Server) (result, error) {
	return o.round(ctx, metav1.NamespaceSystem, s.selector, s.port, []question{s.alive(), o.Federation.known(s.Domain)}, map[types.UID]bool{})
}

func (s Server) alive() question { return question{ordinary(s.Domain), answered, true} }

func (f Federation) known(domain string) question { return question{f.probe(domain), f.proves, false} }
