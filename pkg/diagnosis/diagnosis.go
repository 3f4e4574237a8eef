// Package diagnosis finds out why a release does not become ready: it reads the state that Kubernetes shows in pods,
// claims, workloads, Services and events, and puts the most telling cause into one sentence with its way out.
package diagnosis

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
)

// Finding is something that is wrong with an object of the release.
type Finding struct {
	Object  string   // its kind and name: "pod fellowship-etcd-0"
	Reason  string   // what is wrong with it, a clause
	WayOut  string   // what to do about it, a clause; may be ""
	Details []string // what Kubernetes or the container said, for those who want to know more
	Fatal   bool     // waiting does not mend it

	rank      rank
	component string
}

// rank orders findings: what keeps the others from happening comes first.
type rank int

const (
	notCreated rank = iota
	hookFailed
	notPulled
	notMounted
	notBound
	notScheduled
	crashing
	noAddress
)

// Sentence is the finding in one line.
func (f Finding) Sentence() string {
	s := f.Object + ": " + f.Reason
	if f.WayOut != "" {
		s += "; " + f.WayOut
	}
	return s
}

// Report is what Examine found.
type Report struct {
	Findings []Finding // the most telling one first
	Waiting  []string  // what is not ready without anything being wrong with it, as far as can be seen
}

// Cause returns the most telling finding, if there is any.
func (r Report) Cause() (Finding, bool) {
	if len(r.Findings) == 0 {
		return Finding{}, false
	}
	return r.Findings[0], true
}

// Summary says in one line why the release is not ready, or what it waits for; it is "" when nothing is known.
func (r Report) Summary() string {
	if f, ok := r.Cause(); ok {
		return f.Sentence()
	}
	if len(r.Waiting) > 0 {
		return r.Waiting[0]
	}
	return ""
}

// Examine looks at the objects of release in namespace. It only reads, a handful of lists and, of containers that crashed,
// the end of the log; kinds that the user may not read are left out. No content of Secrets is looked at.
func Examine(ctx context.Context, client kubernetes.Interface, namespace, release string) (Report, error) {
	return examine(ctx, client, namespace, release, time.Now())
}

func examine(ctx context.Context, client kubernetes.Interface, namespace, release string, now time.Time) (Report, error) {
	s, err := look(ctx, client, namespace, release)
	if err != nil {
		return Report{}, err
	}
	r := &Report{}
	s.workloads(r)
	s.jobs(ctx, r)
	s.claims(r)
	s.pods(ctx, r)
	s.services(r, now)
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(order(a.component), order(b.component)), strings.Compare(a.Object, b.Object))
	})
	return *r, nil
}

// order is that in which the components need each other: the crash of one makes the later ones crash.
func order(component string) int {
	needed := []string{"pki", "etcd", "apiserver", "controller-manager"}
	if i := slices.Index(needed, component); i >= 0 {
		return i
	}
	return len(needed)
}

func (r *Report) add(f Finding) { r.Findings = append(r.Findings, f) }

// wait notes that object is on its way.
func (r *Report) wait(object, what string) { r.Waiting = append(r.Waiting, object+": "+what) }
