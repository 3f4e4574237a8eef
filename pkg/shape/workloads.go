package shape

import (
	"maps"
	"slices"
	"strings"
)

// A StatefulSet's claims are bound to volumes of their own cluster. Their status is the server's: it is there although nobody set it.
func statefulSet(spec map[string]any) map[string]any {
	templates, _ := spec["volumeClaimTemplates"].([]any)
	if len(templates) == 0 {
		return spec
	}
	templates = slices.Clone(templates)
	for i := range templates {
		claim, ok := templates[i].(map[string]any)
		if !ok {
			continue
		}
		claim = without(claim, "status")
		if claimSpec, ok := claim["spec"].(map[string]any); ok {
			claim["spec"] = without(claimSpec, "volumeName")
		}
		templates[i] = claim
	}
	spec = maps.Clone(spec)
	spec["volumeClaimTemplates"] = templates
	return spec
}

// jobLabels are those by which a Job controller finds pods, old names and new. A server makes them from the UID, which is another one in
// each cluster.
var jobLabels = []string{"controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"}

// A Job's selector is made by the server, unless the user wants to do so. When it is deleted, once finished, is decided in the
// federation: members do not do it by themselves.
func job(spec map[string]any) map[string]any {
	spec = without(spec, "ttlSecondsAfterFinished")
	if byHand(spec) {
		return spec
	}
	delete(spec, "selector")
	template, _ := spec["template"].(map[string]any)
	metadata, _ := template["metadata"].(map[string]any)
	labels, _ := metadata["labels"].(map[string]any)
	if !slices.ContainsFunc(jobLabels, func(name string) bool { return labels[name] != nil }) {
		return spec
	}
	metadata = with(metadata, "labels", without(labels, jobLabels...))
	spec["template"] = with(template, "metadata", metadata)
	return spec
}

// with returns a copy of an object that has the member, or lacks it if there would be nothing in it.
func with(o map[string]any, name string, member map[string]any) map[string]any {
	o = maps.Clone(o)
	if o[name] = member; len(member) == 0 {
		delete(o, name)
	}
	return o
}

func byHand(job map[string]any) bool {
	manual, _ := job["manualSelector"].(bool)
	return manual
}

// serviceAccount takes out the Secrets that a controller made for the account; others are the user's.
func serviceAccount(object map[string]any, account string) {
	secrets, _ := object["secrets"].([]any)
	users := slices.DeleteFunc(slices.Clone(secrets), func(secret any) bool {
		ref, _ := secret.(map[string]any)
		name, _ := ref["name"].(string)
		return generatedFor(account, name)
	})
	if len(users) > 0 {
		object["secrets"] = users
	} else {
		delete(object, "secrets")
	}
}

// randomLetters are those of generated names: Kubernetes leaves out vowels, and what looks like them, so that they spell nothing.
const randomLetters = "bcdfghjklmnpqrstvwxz2456789"

// generatedFor tells the names that controllers give: ACCOUNT-token-x7k2p, and ACCOUNT-dockercfg-x7k2p of OpenShift.
func generatedFor(account, secret string) bool {
	for _, use := range []string{"-token-", "-dockercfg-"} {
		if random, ok := strings.CutPrefix(secret, account+use); ok && len(random) == 5 && strings.Trim(random, randomLetters) == "" {
			return true
		}
	}
	return false
}
