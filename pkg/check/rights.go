package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// questionsAtOnce bounds how many access reviews a member is asked at a time.
const questionsAtOnce = 10

// memberRights asks the member whether the federation's ServiceAccount may do all that propagation takes.
func (m *member) memberRights(ctx context.Context) Outcome {
	who := serviceAccount{m.Namespace, m.MemberRelease()}
	questions := append(questionsOf(kinds.MemberRules(m.federated(ctx))), question{resource: &authorizationv1.ResourceAttributes{
		Namespace: m.Namespace, Verb: "create", Resource: "serviceaccounts", Subresource: "token", Name: who.name, // its own, anew
	}})
	missing, err := m.missing(ctx, who, questions)
	switch {
	case apierrors.IsForbidden(err):
		return skipped("the user of context %q may not ask the member what others may do", m.way.Context)
	case err != nil:
		return unseen(err, "ask the member what ServiceAccount %q may do", who.name)
	case len(missing) > 0:
		return failure(m.join("--refresh"), "ServiceAccount %q in namespace %q of the member may not %s", who.name, who.namespace, summed(missing))
	}
	return ok("ServiceAccount %s may do all that the federated kinds take (%d rights)", who.name, len(questions))
}

// missing returns the questions that were answered with no, in their order.
func (m *member) missing(ctx context.Context, who serviceAccount, questions []question) ([]question, error) {
	denied := make([]bool, len(questions))
	errs := make([]error, len(questions))
	slots := make(chan struct{}, questionsAtOnce)
	var wg sync.WaitGroup
	for i, q := range questions {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			may, err := who.may(ctx, m.way.Client, q)
			denied[i], errs[i] = !may, err
		})
	}
	wg.Wait()
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return nil, errs[i] // one speaks for all: they are the same request
	}
	var no []question
	for i, q := range questions {
		if denied[i] {
			no = append(no, q)
		}
	}
	return no, nil
}

// questionsOf takes rules apart into single rights, each once.
func questionsOf(rules []rbacv1.PolicyRule) []question {
	var all []question
	seen := map[string]bool{}
	add := func(key string, q question) {
		if !seen[key] {
			seen[key] = true
			all = append(all, q)
		}
	}
	for _, rule := range rules {
		for _, verb := range rule.Verbs {
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					add(verb+" "+resource+"."+group, question{resource: &authorizationv1.ResourceAttributes{Verb: verb, Group: group, Resource: resource}})
				}
			}
			for _, path := range rule.NonResourceURLs {
				path = strings.ReplaceAll(path, "*", "x") // a pattern in a rule; in a question, any path that it covers
				add(verb+" "+path, question{path: &authorizationv1.NonResourceAttributes{Verb: verb, Path: path}})
			}
		}
	}
	return all
}

// summed puts rights into words, those on one thing together: "create/delete deployments.apps, get /readyz".
func summed(rights []question) string {
	var things []string
	verbs := map[string][]string{}
	for _, q := range rights {
		var thing, verb string
		if q.path != nil {
			thing, verb = q.path.Path, q.path.Verb
		} else {
			thing, verb = nameOf(q.resource), q.resource.Verb
		}
		if verbs[thing] == nil {
			things = append(things, thing)
		}
		verbs[thing] = append(verbs[thing], verb)
	}
	const shown = 6
	var parts []string
	for _, thing := range things[:min(shown, len(things))] {
		parts = append(parts, strings.Join(verbs[thing], "/")+" "+thing)
	}
	if more := len(things) - shown; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, ", ")
}

// nameOf is what RBAC and its messages call a resource: "deployments.apps", "serviceaccounts/token".
func nameOf(a *authorizationv1.ResourceAttributes) string {
	name := strings.TrimSuffix(a.Resource+"."+a.Group, ".")
	if a.Subresource != "" {
		name += "/" + a.Subresource
	}
	return name
}
