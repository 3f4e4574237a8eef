package shape_test

import (
	"testing"

	"github.com/fedhelm/fedhelm/pkg/shape"
)

// New runs for each event of each source, Body and Hash for each copy.
func BenchmarkNew(b *testing.B) {
	for _, s := range sources(b) {
		switch s.object.GetName() {
		case "web", "settings", "node-port", "sum":
		default:
			continue
		}
		b.Run(s.kind.Kind, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := shape.New(s.kind, s.object, marks); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBody(b *testing.B) {
	template, share := deployment(b)
	b.ReportAllocs()
	for b.Loop() {
		template.Body(share, shape.Precondition{UID: "7d1b5a0e-4c55-4d7c-8a6f-0c9d5f5a0001"})
	}
}

func BenchmarkHash(b *testing.B) {
	template, share := deployment(b)
	b.ReportAllocs()
	for b.Loop() {
		template.Hash(share)
	}
}

func deployment(tb testing.TB) (*shape.Template, shape.Share) {
	tb.Helper()
	for _, s := range sources(tb) {
		if s.kind.Resource == "deployments" && s.object.GetName() == "web" {
			template, err := shape.New(s.kind, s.object, marks)
			if err != nil {
				tb.Fatal(err)
			}
			return template, shape.ShareOf(s.kind, s.object)
		}
	}
	tb.Fatal("no Deployment")
	return nil, shape.Share{}
}
