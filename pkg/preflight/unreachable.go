package preflight

// Unreachable tells why a request to the host cluster at server, which context of the kubeconfig leads to, had no answer.
func Unreachable(context, server string, err error) *Problem {
	return InitOptions{Context: context, Server: server}.host().unreachable(err)
}
