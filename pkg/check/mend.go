package check

import (
	"strings"
)

// What a reader can copy: commands with all that they need, whatever the shell and the current context are.

// kubectl begins a command in the control plane's namespace.
func (t *Target) kubectl() string {
	return t.Host.kubectl() + " --namespace=" + t.Namespace
}

func (s *Server) kubectl() string {
	return "kubectl" + option("kubeconfig", s.Kubeconfig) + option("context", s.Context)
}

// flags are those that fedhelm needs to find this federation.
func (t *Target) flags() string {
	return option("kubeconfig", t.Host.Kubeconfig) + option("host-cluster-context", t.Host.Context) + option("federation-system-namespace", t.Namespace)
}

// status shows more of the control plane.
func (t *Target) status() string { return "fedhelm status " + t.Name + t.flags() }

// upgrade runs the hooks again, which make what is missing.
func (t *Target) upgrade() string { return "fedhelm upgrade " + t.Name + t.flags() }

// managerLog shows what the controller manager said last.
func (t *Target) managerLog() string {
	return t.kubectl() + " logs deployment/" + t.ControllerManager() + " --container=controller-manager --tail=20"
}

// join joins the member, or joins it anew.
func (m *member) join(flags ...string) string { return m.command("join", flags...) }

func (m *member) unjoin() string { return m.command("unjoin") }

func (m *member) command(verb string, flags ...string) string {
	words := "fedhelm " + verb + " " + m.Name + option("federation", m.Target.Name) + m.flags()
	if m.way != nil {
		if m.way.Kubeconfig != m.Host.Kubeconfig {
			words += option("cluster-kubeconfig", m.way.Kubeconfig)
		}
		words += option("cluster-context", m.way.Context)
	}
	return strings.Join(append([]string{words}, flags...), " ")
}

// memberKubectl begins a command in the member.
func (m *member) memberKubectl() string {
	if m.way == nil {
		return "kubectl"
	}
	return m.way.kubectl()
}

// describe shows the registration, if the federation is in the reader's kubeconfig.
func (m *member) describe() string {
	return "kubectl" + option("context", m.Target.Name) + " describe cluster " + m.Name
}

// option is a flag with its value as a shell reads it, with a space before it; "" without a value.
func option(name, value string) string {
	if value == "" {
		return ""
	}
	if strings.ContainsFunc(value, special) {
		value = "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	}
	return " --" + name + "=" + value
}

// special tells whether a shell may read more into a character than stands there.
func special(r rune) bool {
	return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+=:,./_-", r)
}
