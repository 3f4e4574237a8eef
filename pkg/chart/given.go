package chart

// GivenSecret is a Secret of the user's that values name, and that has to be there before the release.
type GivenSecret struct {
	Name  string
	Value string   // the path of the value that names it
	Keys  []string // that it has to have; none for one to pull images with
	// Optional says that it need not have all of the keys.
	Optional bool
}

// ForImages tells whether images are pulled with it.
func (s GivenSecret) ForImages() bool { return len(s.Keys) == 0 }

// GivenSecrets lists the Secrets that the values name and that no hook makes. With pki.create=false all others are the user's too, under
// the names that hooks would give them.
func (v EffectiveValues) GivenSecrets() []GivenSecret {
	var all []GivenSecret
	add := func(path string, optional bool, keys ...string) {
		if name := v.String(path); name != "" {
			all = append(all, GivenSecret{Name: name, Value: path, Keys: keys, Optional: optional})
		}
	}
	add("global.dns.configSecret", false, DNSConfigKey)
	additional, _ := lookup(v.vals, "global.dns.additional").([]any)
	for _, zone := range additional {
		if name, _ := lookupIn(zone, "configSecret").(string); name != "" {
			all = append(all, GivenSecret{Name: name, Value: "global.dns.additional", Keys: []string{DNSConfigKey}})
		}
	}
	add("controlPlane.etcd.external.tlsSecret", false, "ca.crt", "tls.crt", "tls.key")
	add("controlPlane.apiServer.auth.token.existingSecret", false, "tokens.csv")
	add("controlPlane.apiServer.auth.basic.existingSecret", false, "basicauth.csv", "username", "password")
	add("controlPlane.pki.existingCASecret", true, "ca.crt", "ca.key") // the other authorities are made if it lacks them
	for _, name := range v.Strings("global.image.pullSecrets") {
		all = append(all, GivenSecret{Name: name, Value: "global.image.pullSecrets"})
	}
	return all
}

func lookupIn(table any, key string) any {
	m, _ := table.(map[string]any)
	return m[key]
}
