package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

type content struct {
	header *tar.Header
	body   []byte
}

func untar(t *testing.T, b []byte) map[string]content {
	t.Helper()
	files := map[string]content{}
	r := tar.NewReader(bytes.NewReader(b))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = content{h, body}
	}
}

func decode(t *testing.T, b []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

func sample(t *testing.T) Image {
	t.Helper()
	source := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(source, []byte("binary"), 0o600); err != nil {
		t.Fatal(err)
	}
	return Image{
		Name: "example.com/a/program:v1", Entrypoint: []string{"/usr/local/bin/program"}, User: "65532:65532", WorkingDir: "/",
		Files: []File{
			{Path: "/usr/local/bin/program", Source: source, BindLowPorts: true},
			{Path: "/bin/alias", Link: "program"},
			{Path: "/etc/passwd", Content: "root\n", Mode: 0o644},
		},
	}
}

func TestWriteMakesAnArchiveWhoseDigestsAreTrue(t *testing.T) {
	img := sample(t)
	var out bytes.Buffer
	sum, err := Write(&out, img)
	if err != nil {
		t.Fatal(err)
	}
	files := untar(t, out.Bytes())
	var index v1.Index
	decode(t, files["index.json"].body, &index)
	if len(index.Manifests) != 1 || index.Manifests[0].Annotations[containerdName] != img.Name || index.Manifests[0].Digest != sum {
		t.Fatalf("index: %+v, want %s named %s", index.Manifests, sum, img.Name)
	}
	blob := func(d v1.Descriptor) []byte {
		b := files[blobPath(d.Digest)].body
		if digest.FromBytes(b) != d.Digest || int64(len(b)) != d.Size {
			t.Fatalf("blob %s: %d bytes of digest %s, want %d", d.Digest, len(b), digest.FromBytes(b), d.Size)
		}
		return b
	}
	var manifest v1.Manifest
	decode(t, blob(index.Manifests[0]), &manifest)
	var config v1.Image
	decode(t, blob(manifest.Config), &config)
	if config.Config.User != img.User || !slices.Equal(config.Config.Entrypoint, img.Entrypoint) {
		t.Errorf("config: %+v", config.Config)
	}
	if len(manifest.Layers) != 1 || !slices.Equal(config.RootFS.DiffIDs, []digest.Digest{manifest.Layers[0].Digest}) {
		t.Fatalf("layers %+v, diff ids %v", manifest.Layers, config.RootFS.DiffIDs)
	}
	checkLayer(t, untar(t, blob(manifest.Layers[0])))
}

func checkLayer(t *testing.T, layer map[string]content) {
	t.Helper()
	program := layer["usr/local/bin/program"]
	if string(program.body) != "binary" || program.header.Mode != 0o755 {
		t.Errorf("program: %q, mode %o", program.body, program.header.Mode)
	}
	// The value is setcap's cap_net_bind_service=ep, as getfattr prints it from the published image.
	want := "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	if got := program.header.PAXRecords["SCHILY.xattr.security.capability"]; got != want {
		t.Errorf("file capability %q, want %q", got, want)
	}
	if alias := layer["bin/alias"].header; alias == nil || alias.Typeflag != tar.TypeSymlink || alias.Linkname != "program" {
		t.Errorf("link: %+v", alias)
	}
	for _, dir := range []string{"usr/", "usr/local/", "usr/local/bin/", "bin/", "etc/"} {
		if h := layer[dir].header; h == nil || h.Typeflag != tar.TypeDir || h.Mode != 0o755 {
			t.Errorf("directory %s: %+v", dir, h)
		}
	}
	if h := layer["tmp/"].header; h == nil || h.Mode != 0o1777 {
		t.Errorf("/tmp: %+v", h)
	}
}

func TestPack(t *testing.T) {
	dir, img := t.TempDir(), sample(t)
	pack := func() (Archive, time.Time) {
		t.Helper()
		a, err := Pack(dir, img)
		if err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(a.Path)
		if err != nil {
			t.Fatal(err)
		}
		return a, st.ModTime()
	}
	first, written := pack()
	if again, at := pack(); again != first || at != written {
		t.Errorf("packed again without a change: %+v at %v, first %+v at %v", again, at, first, written)
	}
	source := img.Files[0].Source
	if err := os.Chtimes(source, time.Now(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if same, _ := pack(); same.Digest != first.Digest {
		t.Errorf("a rebuilt program with the same content has digest %s, was %s", same.Digest, first.Digest)
	}
	if err := os.WriteFile(source, []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, _ := pack(); changed.Digest == first.Digest {
		t.Error("a changed program has the old digest")
	}
}

func TestUpstreamImagesAreAsPublished(t *testing.T) {
	images := map[string]Image{}
	for _, img := range (Upstream{Programs: "/bin", Shell: Shell{Path: "/bin/busybox", Applets: []string{"sh", "busybox"}}}).All() {
		images[img.Name] = img
	}
	tests := []struct {
		name    string
		image   string
		path    string
		lowPort bool
		user    string
	}{
		{name: "the API server may bind low ports", image: APIServer, path: "/usr/local/bin/kube-apiserver", lowPort: true, user: "0"},
		{name: "the controller manager may not", image: ControllerManager, path: "/usr/local/bin/kube-controller-manager", user: "0"},
		{name: "etcd is plain", image: Etcd, path: "/usr/local/bin/etcd", user: "0"},
		{name: "CoreDNS is at the root and not root", image: CoreDNS, path: "/coredns", lowPort: true, user: "nonroot:nonroot"},
		{name: "pause runs as its own user", image: Pause, path: "/pause", user: "65535:65535"},
		{name: "busybox has its applets", image: Busybox, path: "/bin/sh", user: "0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			img := images[tt.image]
			i := slices.IndexFunc(img.Files, func(f File) bool { return f.Path == tt.path })
			if i < 0 || img.Files[i].BindLowPorts != tt.lowPort || img.User != tt.user {
				t.Errorf("image %+v", img)
			}
		})
	}
	if busybox := images[Busybox]; slices.ContainsFunc(busybox.Files, func(f File) bool { return f.Path == "/bin/busybox" && f.Link != "" }) {
		t.Error("busybox is a link to itself")
	}
}
