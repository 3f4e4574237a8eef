package dnsconfig

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/ini.v1"
)

// Algorithms that TSIG messages may be signed with.
var algorithms = []string{"hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"}

// Parse reads a provider's configuration, which is empty where there is no file. It reports everything that is wrong, by key; values are never
// part of an error: they may be secret. Files that it names are not looked at.
func Parse(provider string, content []byte) (Config, error) {
	if err := CheckProvider(provider); err != nil {
		return Config{}, err
	}
	if len(content) > 0 {
		if err := CheckFile(provider, content); err != nil {
			return Config{}, err
		}
	}
	c, errs := parse(provider, content)
	if len(errs) > 0 {
		return Config{}, fmt.Errorf("configuration of DNS provider %s: %w", provider, errors.Join(errs...))
	}
	return c, nil
}

// parse takes what CheckFile has passed, or nothing, and says what is wrong with its values.
func parse(provider string, content []byte) (Config, []error) {
	v := values{}
	if len(content) > 0 {
		v.read(content)
	}
	c := Config{Provider: provider}
	switch provider {
	case "coredns":
		c.CoreDNS = v.coreDNS()
	case "rfc2136":
		c.RFC2136 = v.rfc2136()
	case "google-clouddns":
		c.GoogleCloudDNS = v.googleCloudDNS()
	case "aws-route53":
		c.AWSRoute53 = v.awsRoute53()
	}
	return c, v.errs
}

// values are those of [Global], by key in lower case, and what is wrong with them.
type values struct {
	of   map[string]string
	errs []error
}

// read takes a file that CheckFile has passed.
func (v *values) read(content []byte) {
	v.of = map[string]string{}
	file, err := ini.LoadSources(ini.LoadOptions{IgnoreInlineComment: true}, content)
	if err != nil {
		v.errs = append(v.errs, errors.New("the file is not INI"))
		return
	}
	for _, section := range file.Sections() {
		for _, key := range section.Keys() {
			v.of[strings.ToLower(key.Name())] = strings.TrimSpace(key.String())
		}
	}
}

func (v *values) complain(key, format string, args ...any) {
	v.errs = append(v.errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
}

func (v *values) coreDNS() *CoreDNS {
	c := &CoreDNS{
		EtcdEndpoints: v.list("etcd-endpoints"),
		Zones:         v.zones(),
		CAFile:        v.of["etcd-ca-file"],
		CertFile:      v.of["etcd-cert-file"],
		KeyFile:       v.of["etcd-key-file"],
		Username:      v.of["etcd-username"],
		Password:      Secret(v.of["etcd-password"]),
		PathPrefix:    strings.Trim(v.of["path-prefix"], "/"),
	}
	for _, server := range v.list("coredns-endpoints") {
		c.Servers = append(c.Servers, v.address("coredns-endpoints", server))
	}
	if c.PathPrefix == "" {
		c.PathPrefix = "skydns"
	}
	v.together("etcd-cert-file", "etcd-key-file")
	v.together("etcd-username", "etcd-password")
	encrypted := v.etcdEndpoints(c.EtcdEndpoints)
	if !encrypted && (c.CAFile != "" || c.CertFile != "") {
		v.complain("etcd-endpoints", "must be https URLs, since there are TLS files")
	}
	return c
}

// etcdEndpoints tells whether they are all encrypted.
func (v *values) etcdEndpoints(endpoints []string) bool {
	const key = "etcd-endpoints"
	if len(endpoints) == 0 {
		v.complain(key, "is needed, such as http://etcd.example.com:2379")
	}
	schemes := map[string]bool{}
	for i, endpoint := range endpoints {
		u, err := url.Parse(endpoint)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			v.complain(key, "the URL number %d must be such as https://etcd.example.com:2379", i+1)
			continue
		case u.User != nil:
			v.complain(key, "the URL number %d has a user in it: use etcd-username and etcd-password", i+1)
		}
		schemes[u.Scheme] = true
	}
	if len(schemes) > 1 {
		v.complain(key, "must be all http or all https")
	}
	return !schemes["http"]
}

func (v *values) rfc2136() *RFC2136 {
	c := &RFC2136{
		Server:        v.address("server", v.of["server"]),
		Zones:         v.zones(),
		TSIGName:      v.of["tsig-name"],
		TSIGSecret:    Secret(v.of["tsig-secret"]),
		TSIGAlgorithm: strings.ToLower(strings.TrimSuffix(v.of["tsig-algorithm"], ".")),
	}
	c.Transfer = c.Server
	if transfer := v.of["transfer"]; transfer != "" {
		c.Transfer = v.address("transfer", transfer)
	}
	v.together("tsig-name", "tsig-secret")
	if c.TSIGName == "" {
		return c
	}
	c.TSIGName = strings.ToLower(strings.TrimSuffix(c.TSIGName, ".")) + "."
	if _, err := base64.StdEncoding.DecodeString(string(c.TSIGSecret)); err != nil {
		v.complain("tsig-secret", "is not base64")
	}
	if c.TSIGAlgorithm == "" {
		c.TSIGAlgorithm = "hmac-sha256"
	}
	if !slices.Contains(algorithms, c.TSIGAlgorithm) {
		v.complain("tsig-algorithm", "%q is not known; known are %s", c.TSIGAlgorithm, strings.Join(algorithms, ", "))
	}
	return c
}

func (v *values) googleCloudDNS() *GoogleCloudDNS {
	c := &GoogleCloudDNS{
		ProjectID:       v.of["project-id"],
		TokenURL:        v.of["token-url"],
		TokenBody:       Secret(v.of["token-body"]),
		CredentialsFile: v.of["credentials-file"],
		ZoneID:          v.of["zone-id"],
	}
	if c.TokenBody != "" && c.TokenURL == "" {
		v.complain("token-body", "is for the server that token-url names, which is missing")
	}
	return c
}

func (v *values) awsRoute53() *AWSRoute53 {
	c := &AWSRoute53{
		Region:          v.of["region"],
		Profile:         v.of["profile"],
		RoleARN:         v.of["role-arn"],
		Endpoint:        v.of["endpoint"],
		ZoneID:          v.of["zone-id"],
		AccessKeyID:     v.of["access-key-id"],
		SecretAccessKey: Secret(v.of["secret-access-key"]),
		SessionToken:    Secret(v.of["session-token"]),
	}
	v.together("access-key-id", "secret-access-key")
	if c.SessionToken != "" && c.AccessKeyID == "" {
		v.complain("session-token", "goes with access-key-id, which is missing")
	}
	return c
}

// together refuses one key without the other.
func (v *values) together(a, b string) {
	if (v.of[a] == "") != (v.of[b] == "") {
		v.errs = append(v.errs, fmt.Errorf("%s and %s are only of use together", a, b))
	}
}

// zones are absolute names.
func (v *values) zones() []string {
	var zones []string
	for _, zone := range v.list("zones") {
		zone = strings.ToLower(strings.TrimSuffix(zone, ".")) + "."
		if err := CheckZone(zone); err != nil {
			v.complain("zones", "%v", err)
			continue
		}
		if !slices.Contains(zones, zone) {
			zones = append(zones, zone)
		}
	}
	if v.of["zones"] == "" {
		v.complain("zones", "is needed, such as example.com.")
	}
	return zones
}

func (v *values) list(key string) []string {
	return strings.FieldsFunc(v.of[key], func(r rune) bool { return r == ',' || r == ' ' })
}

// address adds the port of DNS where there is none.
func (v *values) address(key, s string) string {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = strings.Trim(s, "[]"), "53"
	}
	_, noPort := strconv.ParseUint(port, 10, 16)
	if host == "" || noPort != nil || strings.ContainsAny(host, " /@[]") || strings.Contains(host, ":") && net.ParseIP(host) == nil {
		v.complain(key, "must be such as ns1.example.com:53")
		return ""
	}
	return net.JoinHostPort(host, port)
}
