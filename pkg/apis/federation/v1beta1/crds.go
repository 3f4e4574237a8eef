package v1beta1

import (
	"embed"
	"fmt"
)

//go:embed crds/*.yaml
var crdFiles embed.FS

// CRDs returns the CustomResourceDefinition of every type in this package, each
// one YAML document, in an order that does not change. The caller owns the slices.
func CRDs() [][]byte {
	entries, err := crdFiles.ReadDir("crds")
	if err != nil {
		panic(fmt.Sprintf("the embedded directory of CRDs cannot be listed: %v", err)) // the compiler put it there
	}
	crds := make([][]byte, 0, len(entries))
	for _, e := range entries {
		b, err := crdFiles.ReadFile("crds/" + e.Name())
		if err != nil {
			panic(fmt.Sprintf("the embedded CRD %q cannot be read: %v", e.Name(), err))
		}
		crds = append(crds, b)
	}
	return crds
}
