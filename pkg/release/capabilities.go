package release

import (
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chartutil"
	"k8s.io/client-go/discovery"
)

// capabilities are those of the cluster; asked for once.
func (c *Client) capabilities() (*chartutil.Capabilities, error) {
	if c.cfg.Capabilities != nil {
		return c.cfg.Capabilities, nil
	}
	client, err := c.cfg.RESTClientGetter.ToDiscoveryClient()
	if err != nil {
		return nil, fmt.Errorf("make a discovery client: %w", err)
	}
	version, err := client.ServerVersion()
	if err != nil {
		return nil, fmt.Errorf("ask the host cluster for its version: %w", err)
	}
	// An API group whose server is away does not concern the chart.
	served, err := action.GetVersionSet(client)
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return nil, fmt.Errorf("ask the host cluster which APIs it has: %w", err)
	}
	c.cfg.Capabilities = &chartutil.Capabilities{
		APIVersions: served,
		KubeVersion: chartutil.KubeVersion{Version: version.GitVersion, Major: version.Major, Minor: version.Minor},
		HelmVersion: chartutil.DefaultCapabilities.HelmVersion,
	}
	return c.cfg.Capabilities, nil
}
