package chart

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
)

// longestSuffix is the longest that the chart adds to the release's name for a Service, whose name is a DNS label.
const longestSuffix = "-controller-manager"

// MaxNameLength is how long a federation's name may be so that every name made from it still is a DNS label.
const MaxNameLength = validation.DNS1035LabelMaxLength - len(longestSuffix)

// sizePattern is what the chart's schema takes for the size of a volume: no exponents, and nothing below a byte.
var sizePattern = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|Pi|Ei|k|M|G|T|P|E)?$`)

var (
	serviceTypes = []string{"LoadBalancer", "NodePort", "ClusterIP"}
	pullPolicies = []string{"Always", "IfNotPresent", "Never"}
)

// Validate says everything that is wrong with the options, each error naming its flag; nil means that Values will work.
// It looks at nothing outside of the options.
func (o Options) Validate() error { return o.validate(true) }

// ValidateFlags is Validate as long as Base is not known yet: without what depends on it.
func (o Options) ValidateFlags() error { return o.validate(false) }

func (o Options) validate(baseIsKnown bool) error {
	return errors.Join(
		ValidateName(o.Name),
		ValidateNamespace(o.Namespace),
		o.validateImages(),
		o.Etcd.validate(),
		o.validateTLSSecret(baseIsKnown),
		o.validateService(baseIsKnown),
		o.ControllerManager.validateArguments(),
		o.validateDNS(baseIsKnown),
		o.validateSet(),
	)
}

// ValidateName says why a federation cannot have this name.
func ValidateName(name string) error {
	if name == "" {
		return errors.New("NAME is missing: the federation's name")
	}
	if len(name) > MaxNameLength {
		return fmt.Errorf("NAME %q has %d characters; %d are the most, because Services such as %q are named after it",
			name, len(name), MaxNameLength, "NAME"+longestSuffix)
	}
	if bad := validation.IsDNS1035Label(name); len(bad) > 0 {
		return fmt.Errorf("NAME %q: use small letters, digits and '-', beginning with a letter and not ending with '-'", name)
	}
	return nil
}

// ValidateNamespace says why a control plane cannot live in this namespace.
func ValidateNamespace(namespace string) error {
	if bad := validation.IsDNS1123Label(namespace); len(bad) > 0 {
		return fmt.Errorf("--federation-system-namespace %q is not the name of a namespace: %s", namespace, bad[0])
	}
	return nil
}

func (o Options) validateImages() error {
	var errs []error
	if o.Image != "" {
		_, err := parseImage(o.Image)
		errs = append(errs, flagError("image", err))
	}
	if o.Etcd.Image != "" {
		_, err := parseImage(o.Etcd.Image)
		errs = append(errs, flagError("etcd-image", err))
	}
	errs = append(errs, oneOf("image-pull-policy", o.ImagePullPolicy, pullPolicies))
	for _, secret := range o.ImagePullSecrets {
		errs = append(errs, objectName("image-pull-secrets", secret))
	}
	return errors.Join(errs...)
}

func (e Etcd) validate() error {
	var errs []error
	for _, server := range e.Servers {
		u, err := url.Parse(server)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			errs = append(errs, fmt.Errorf("--etcd-servers: %q is not a URL such as https://etcd.example.com:2379", server))
		} else if u.User != nil {
			errs = append(errs, fmt.Errorf("--etcd-servers: %q has a user in it, which everybody could read who reads the release: give a client certificate by --etcd-tls-secret", u.Redacted()))
		}
	}
	if e.Capacity != "" {
		if q, err := resource.ParseQuantity(e.Capacity); err != nil || q.Sign() <= 0 || !sizePattern.MatchString(e.Capacity) {
			errs = append(errs, fmt.Errorf("--etcd-pv-capacity: %q is not a size such as 10Gi", e.Capacity))
		}
	}
	if e.StorageClass != "" {
		errs = append(errs, objectName("etcd-pv-storage-class", e.StorageClass))
	}
	if e.ExistingClaim != "" {
		errs = append(errs, objectName("etcd-existing-claim", e.ExistingClaim))
	}
	if e.TLSSecret != "" {
		errs = append(errs, objectName("etcd-tls-secret", e.TLSSecret))
	}
	if e.ExistingClaim != "" {
		switch {
		case len(e.Servers) > 0:
			errs = append(errs, errors.New("--etcd-existing-claim and --etcd-servers exclude each other: an external etcd needs no claim"))
		case e.Persistence != nil && !*e.Persistence:
			errs = append(errs, errors.New("--etcd-existing-claim needs --etcd-persistent-storage, which is switched off"))
		}
	}
	return errors.Join(errs...)
}

// validateTLSSecret wants servers for the certificate, whoever chose them.
func (o Options) validateTLSSecret(baseIsKnown bool) error {
	if o.Etcd.TLSSecret == "" || len(o.Etcd.Servers) > 0 || !baseIsKnown {
		return nil
	}
	above := map[string]any{}
	_ = o.parseSet(above) // validateSet reports it
	for _, vals := range []map[string]any{above, o.Base} {
		if servers, _ := lookup(vals, "controlPlane.etcd.external.servers").([]any); len(servers) > 0 {
			return nil
		}
	}
	return errors.New("--etcd-tls-secret is for an etcd of your own: give its --etcd-servers too")
}

func (o Options) validateService(baseIsKnown bool) error {
	s := o.APIServer
	errs := []error{oneOf("api-server-service-type", s.ServiceType, serviceTypes)}
	for _, address := range s.AdvertiseAddresses {
		if ip, err := netip.ParseAddr(address); err != nil || ip.IsUnspecified() {
			errs = append(errs, fmt.Errorf("--api-server-advertise-address: %q is not an IP address that leads anywhere", address))
		}
	}
	if s.NodePort != nil && (*s.NodePort < 0 || *s.NodePort > 65535) {
		errs = append(errs, fmt.Errorf("--api-server-port: %d is not a port: 1 to 65535, or 0 to let the host cluster choose", *s.NodePort))
	}
	if !baseIsKnown {
		return errors.Join(errs...)
	}
	effective := o.effectiveServiceType()
	if len(s.AdvertiseAddresses) > 0 && effective == "LoadBalancer" {
		errs = append(errs, errors.New("--api-server-advertise-address goes only with --api-server-service-type=NodePort or ClusterIP: a load balancer brings its own address"))
	}
	if s.NodePort != nil && *s.NodePort != 0 && effective != "NodePort" {
		errs = append(errs, errors.New("--api-server-port goes only with --api-server-service-type=NodePort"))
	}
	return errors.Join(errs...)
}

// effectiveServiceType is the type that the release will have, whoever chose it.
func (o Options) effectiveServiceType() string {
	return cmp.Or(o.effective("controlPlane.apiServer.service.type", o.APIServer.ServiceType), "LoadBalancer")
}

// effective is the text that the release will have at a path, where a flag may have chosen one; "" when only the chart may say.
func (o Options) effective(path, flag string) string {
	above := map[string]any{}
	_ = o.parseSet(above) // validateSet reports it
	for _, from := range []any{lookup(above, path), flag, lookup(o.Base, path)} {
		if chosen, ok := from.(string); ok && chosen != "" {
			return chosen
		}
	}
	return ""
}

func (o Options) validateSet() error { return o.parseSet(map[string]any{}) }

func flagError(flag string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("--%s: %w", flag, err)
}

func oneOf(flag, value string, known []string) error {
	if value == "" || slices.Contains(known, value) {
		return nil
	}
	return fmt.Errorf("--%s: %q is none of %s", flag, value, strings.Join(known, ", "))
}

func objectName(flag, name string) error {
	if bad := validation.IsDNS1123Subdomain(name); len(bad) > 0 {
		return fmt.Errorf("--%s: %q is not the name of an object: %s", flag, name, bad[0])
	}
	return nil
}
