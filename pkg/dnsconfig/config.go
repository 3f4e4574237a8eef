package dnsconfig

import (
	"fmt"
	"io"
)

// Config is what a provider's configuration says. One of the pointers is set: that of Provider.
type Config struct {
	Provider       string
	CoreDNS        *CoreDNS
	RFC2136        *RFC2136
	GoogleCloudDNS *GoogleCloudDNS
	AWSRoute53     *AWSRoute53
}

// ZoneID is the zone that the configuration chooses by id, "" if it does not.
func (c Config) ZoneID() string {
	switch {
	case c.GoogleCloudDNS != nil:
		return c.GoogleCloudDNS.ZoneID
	case c.AWSRoute53 != nil:
		return c.AWSRoute53.ZoneID
	default:
		return ""
	}
}

// CoreDNS is a CoreDNS that serves zones from etcd. Files may be relative: to the directory of the configuration.
type CoreDNS struct {
	EtcdEndpoints             []string // URLs, all http or all https; at least one
	Zones                     []string // absolute; at least one
	Servers                   []string // host:port of CoreDNS itself, for members' resolvers; may be none
	CAFile, CertFile, KeyFile string   // "": those of the system; no client certificate
	Username                  string
	Password                  Secret
	PathPrefix                string // without slashes around it; "skydns" unless it is said
}

// RFC2136 is a server that takes dynamic updates.
type RFC2136 struct {
	Server     string   // host:port
	Transfer   string   // host:port to ask for zone transfers, Server unless it is said
	Zones      []string // absolute; at least one
	TSIGName   string   // absolute; "": messages are not signed
	TSIGSecret Secret   // base64
	// TSIGAlgorithm is a name such as hmac-sha256, without a dot. It is set when TSIGName is.
	TSIGAlgorithm string
}

// GoogleCloudDNS is Google Cloud DNS. All may be empty: then the machine or the workload identity tells.
type GoogleCloudDNS struct {
	ProjectID       string
	TokenURL        string
	TokenBody       Secret
	CredentialsFile string // may be relative: to the directory of the configuration
	ZoneID          string
}

// AWSRoute53 is Amazon Route 53. All may be empty: then the SDK's usual sources tell.
type AWSRoute53 struct {
	Region          string
	Profile         string
	RoleARN         string
	Endpoint        string
	ZoneID          string
	AccessKeyID     string
	SecretAccessKey Secret
	SessionToken    Secret
}

// Secret is a string that no way of printing shows.
type Secret string

// Format implements fmt.Formatter.
func (s Secret) Format(f fmt.State, _ rune) {
	if s != "" {
		_, _ = io.WriteString(f, "(secret)")
	}
}

// MarshalText keeps it out of JSON and structured logs.
func (s Secret) MarshalText() ([]byte, error) { return fmt.Append(nil, s), nil }
