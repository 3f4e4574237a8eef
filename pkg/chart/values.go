package chart

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/strvals"
)

// Values gives the values that the options stand for, without the chart's defaults: what `helm get values` shows. The
// caller owns the result; nothing in it is shared with the options. The options must be valid.
func (o Options) Values() (map[string]any, error) {
	vals := deepCopy(o.Base)
	o.chosen().apply(vals)
	if err := o.parseSet(vals); err != nil {
		return nil, err
	}
	return vals, nil
}

// Keep lays beneath Base what the release was given before, but for what belongs to another DNS provider or zone than the flags choose.
func (o *Options) Keep(values map[string]any) {
	kept := deepCopy(values)
	o.DNS.replace(kept)
	o.Base = chartutil.MergeTables(o.Base, kept)
}

// replace takes out of values what belongs to another provider, or to another zone, than is chosen now: its configuration, and its id of the zone.
func (d DNS) replace(vals map[string]any) {
	global, _ := vals["global"].(map[string]any)
	beneath, _ := lookupIn(global, "dns").(map[string]any)
	other := func(key, chosen string) bool {
		was, _ := beneath[key].(string)
		return chosen != "" && was != "" && was != chosen
	}
	provider := other("provider", d.Provider)
	if provider {
		delete(beneath, "configSecret")
	}
	if provider || other("zone", d.Zone) {
		delete(beneath, "zoneID")
	}
}

// parseSet writes what --set and --set-json say into vals. Their values are not part of an error: one may be secret.
func (o Options) parseSet(vals map[string]any) error {
	var errs []error
	for _, expr := range o.Set {
		if err := strvals.ParseInto(expr, vals); err != nil {
			errs = append(errs, fmt.Errorf("--set: %q cannot be read as PATH=VALUE: %w", pathOf(expr), err))
		}
	}
	for _, expr := range o.SetJSON {
		if err := strvals.ParseJSON(expr, vals); err != nil {
			errs = append(errs, fmt.Errorf("--set-json: %q cannot be read as PATH=JSON: %w", pathOf(expr), err))
		}
	}
	return errors.Join(errs...)
}

func pathOf(expr string) string {
	path, _, _ := strings.Cut(expr, "=")
	return path
}

// setting is one value and the path that leads to it; without a value, what lies beneath is taken away, so that the chart's default is back.
type setting struct {
	path  string
	value any
	unset bool
}

type settings []setting

// set adds a value unless it was not chosen.
func (s *settings) set(path string, value any, chosen bool) {
	if chosen {
		*s = append(*s, setting{path: path, value: value})
	}
}

func (s *settings) text(path, value string) { s.set(path, value, value != "") }

func (s *settings) flag(path string, value *bool) {
	if value != nil {
		s.set(path, *value, true)
	}
}

func (s *settings) list(path string, value []string) { s.set(path, anyList(value), len(value) > 0) }

// image splits the reference of an image of ours, whose tag is the chart's version when it is empty, so that each part can be overridden by
// itself. All parts are written: half of an old reference beside half of a new one would be an image that nobody asked for.
func (s *settings) image(path, reference string) {
	if reference == "" {
		return
	}
	parts, err := parseImage(reference)
	if err != nil {
		return // Validate has said so
	}
	s.set(path+".registry", parts.registry, true)
	s.set(path+".repository", parts.repository, true)
	s.set(path+".tag", parts.tag, true)
	s.set(path+".digest", parts.digest, true)
}

// upstreamImage does the same for an image of others, whose versions are not the chart's: without tag and digest it has the tag of the chart's
// defaults.
func (s *settings) upstreamImage(path, reference string) {
	s.image(path, reference)
	if parts, err := parseImage(reference); err == nil && parts.tag == "" && parts.digest == "" {
		*s = append(*s, setting{path: path + ".tag", unset: true})
	}
}

// chosen lists the options that were made use of, by the paths of docs/design/control-plane.md.
func (o Options) chosen() settings {
	var s settings
	s.image("controlPlane.image", o.Image)
	s.text("global.image.pullPolicy", o.ImagePullPolicy)
	s.list("global.image.pullSecrets", o.ImagePullSecrets)
	s.upstreamImage("controlPlane.etcd.image", o.Etcd.Image)
	s.list("controlPlane.etcd.external.servers", o.Etcd.Servers)
	s.text("controlPlane.etcd.external.tlsSecret", o.Etcd.TLSSecret)
	s.text("controlPlane.etcd.persistence.size", o.Etcd.Capacity)
	s.text("controlPlane.etcd.persistence.existingClaim", o.Etcd.ExistingClaim)

	// What the host cluster has, it has for the bundled DNS server too.
	for _, part := range []string{"controlPlane", "dns"} {
		s.set(part+".nodeSelector", anyMap(o.NodeSelector), len(o.NodeSelector) > 0)
		s.flag(part+".etcd.persistence.enabled", o.Etcd.Persistence)
		s.text(part+".etcd.persistence.storageClass", o.Etcd.StorageClass)
	}
	s.upstreamImage("dns.etcd.image", o.Etcd.Image)

	s.text("controlPlane.apiServer.service.type", o.APIServer.ServiceType)
	// None, and 0, are written too: they take back what stands beneath.
	s.set("controlPlane.apiServer.service.advertiseAddresses", anyList(o.APIServer.AdvertiseAddresses), o.APIServer.AdvertiseAddresses != nil)
	if o.APIServer.NodePort != nil {
		s.set("controlPlane.apiServer.service.nodePort", int64(*o.APIServer.NodePort), true)
	}
	s.flag("controlPlane.apiServer.auth.basic.enabled", o.APIServer.BasicAuth)
	s.flag("controlPlane.apiServer.auth.token.enabled", o.APIServer.TokenAuth)
	s.set("controlPlane.apiServer.extraArgs", deepCopy(o.APIServer.ExtraArgs), len(o.APIServer.ExtraArgs) > 0)
	s.set("controlPlane.controllerManager.extraArgs", deepCopy(o.ControllerManager.ExtraArgs), len(o.ControllerManager.ExtraArgs) > 0)

	s.text("global.dns.provider", o.DNS.Provider)
	s.text("global.dns.zone", o.DNS.Zone)
	s.text("global.dns.zoneID", o.DNS.ZoneID)
	s.text("global.dns.suffix", o.DNS.Suffix)
	s.text("global.dns.ttl", o.DNS.TTL)
	s.set("global.dns.configSecret", DNSConfigSecret(o.Name), o.DNS.Config != nil)
	return s
}

// apply writes the settings into vals, making the tables on the way. A table goes into a table that is there: an
// argument override adds to those of a values file.
func (s settings) apply(vals map[string]any) {
	for _, each := range s {
		keys := strings.Split(each.path, ".")
		table := vals
		for _, key := range keys[:len(keys)-1] {
			next, ok := table[key].(map[string]any)
			if !ok {
				next = map[string]any{}
				table[key] = next
			}
			table = next
		}
		last := keys[len(keys)-1]
		if each.unset {
			delete(table, last)
			continue
		}
		above, isTable := each.value.(map[string]any)
		beneath, wasTable := table[last].(map[string]any)
		if isTable && wasTable {
			maps.Copy(beneath, above)
			continue
		}
		table[last] = each.value
	}
}

// lookup finds the value at a path, or nil.
func lookup(vals map[string]any, path string) any {
	found, err := chartutil.Values(vals).PathValue(path)
	if err != nil {
		return nil
	}
	return found
}

func anyList(from []string) []any {
	to := make([]any, 0, len(from))
	for _, each := range slices.Clone(from) {
		to = append(to, each)
	}
	return to
}

func anyMap(from map[string]string) map[string]any {
	to := make(map[string]any, len(from))
	for key, value := range from {
		to[key] = value
	}
	return to
}

// deepCopy copies tables and lists; what they hold in the end is never changed in place.
func deepCopy(from map[string]any) map[string]any {
	to := make(map[string]any, len(from))
	for key, value := range from {
		to[key] = copyValue(value)
	}
	return to
}

func copyValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		return deepCopy(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = copyValue(v[i])
		}
		return list
	default:
		return value
	}
}
