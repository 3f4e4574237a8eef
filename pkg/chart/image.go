package chart

import (
	"fmt"

	"github.com/distribution/reference"
)

// imageParts is an image reference as the chart's values spell it.
type imageParts struct {
	registry, repository, tag, digest string
}

// parseImage splits a reference the way the container runtime would: without a registry it is one of docker.io.
func parseImage(text string) (imageParts, error) {
	named, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return imageParts{}, fmt.Errorf("%q is not an image reference such as registry.example.com/fedhelm:v1 (%w)", text, err)
	}
	parts := imageParts{registry: reference.Domain(named), repository: reference.Path(named)}
	if tagged, ok := named.(reference.Tagged); ok {
		parts.tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		parts.digest = digested.Digest().String()
	}
	return parts, nil
}
