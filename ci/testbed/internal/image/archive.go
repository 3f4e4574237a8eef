// Package image packs static binaries into OCI images, without Docker, and says which images a test bed needs.
package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// File is a file in an image.
type File struct {
	// Path in the image, absolute.
	Path string
	// Source is the file on this machine with the content; "" means Content.
	Source  string
	Content string
	// Link makes it a symbolic link to there.
	Link string
	Mode int64 // 0755 when 0
	// BindLowPorts gives the file the capability NET_BIND_SERVICE, which then works for every user, and which a
	// container without it in its bounding set cannot execute.
	BindLowPorts bool
}

// Image is what to pack.
type Image struct {
	// Name is the full reference, with registry and tag.
	Name       string
	Files      []File
	Entrypoint []string
	Command    []string
	User       string
	WorkingDir string
}

// epoch is the time of every file: equal content gives an equal image.
var epoch = time.Unix(0, 0)

// bindLowPorts is a vfs_cap_data of revision 2: effective, CAP_NET_BIND_SERVICE (bit 10) permitted.
var bindLowPorts = string([]byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})

// containerdName is the annotation by which containerd knows an image of an archive.
const containerdName = "io.containerd.image.name"

// Write packs the image as an OCI archive of one uncompressed layer (it goes to the next process, not over a network)
// and returns the digest of its manifest.
func Write(w io.Writer, img Image) (digest.Digest, error) {
	files, err := img.withParents()
	if err != nil {
		return "", fmt.Errorf("pack image %s: %w", img.Name, err)
	}
	// The layer is written twice, first for its digest, which the archive needs before it: cheaper than a copy on disk.
	sum, size := digest.SHA256.Digester(), &counter{}
	if err := writeLayer(io.MultiWriter(sum.Hash(), size), files); err != nil {
		return "", fmt.Errorf("pack image %s: %w", img.Name, err)
	}
	layer := v1.Descriptor{MediaType: v1.MediaTypeImageLayer, Digest: sum.Digest(), Size: size.n}
	docs, manifest, err := img.describe(layer)
	if err != nil {
		return "", err
	}
	t := tar.NewWriter(w)
	for _, d := range docs {
		if err := writeFile(t, &tar.Header{Name: d.name, Size: int64(len(d.content)), Mode: 0o644}, bytes.NewReader(d.content)); err != nil {
			return "", err
		}
	}
	if err := t.WriteHeader(&tar.Header{Name: blobPath(layer.Digest), Size: layer.Size, Mode: 0o644}); err != nil {
		return "", err
	}
	if err := writeLayer(t, files); err != nil {
		return "", err
	}
	return manifest, t.Close()
}

type document struct {
	name    string
	content []byte
}

// describe makes everything but the layer, and the manifest's digest.
func (img Image) describe(layer v1.Descriptor) ([]document, digest.Digest, error) {
	platform := v1.Platform{Architecture: runtime.GOARCH, OS: "linux"}
	config, err := newBlob(v1.Image{
		Platform: platform,
		Config: v1.ImageConfig{
			User: img.User, Entrypoint: img.Entrypoint, Cmd: img.Command, WorkingDir: img.WorkingDir,
			Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		},
		RootFS: v1.RootFS{Type: "layers", DiffIDs: []digest.Digest{layer.Digest}},
	})
	if err != nil {
		return nil, "", err
	}
	manifest, err := newBlob(v1.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest,
		Config: config.descriptor(v1.MediaTypeImageConfig), Layers: []v1.Descriptor{layer},
	})
	if err != nil {
		return nil, "", err
	}
	entry := manifest.descriptor(v1.MediaTypeImageManifest)
	entry.Platform = &platform
	entry.Annotations = map[string]string{containerdName: img.Name}
	index, err := json.Marshal(v1.Index{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex, Manifests: []v1.Descriptor{entry},
	})
	if err != nil {
		return nil, "", err
	}
	layout, err := json.Marshal(v1.ImageLayout{Version: v1.ImageLayoutVersion})
	if err != nil {
		return nil, "", err
	}
	return []document{{v1.ImageLayoutFile, layout}, {v1.ImageIndexFile, index}, manifest, config}, entry.Digest, nil
}

// newBlob is the blob with the JSON of v.
func newBlob(v any) (document, error) {
	b, err := json.Marshal(v)
	return document{blobPath(digest.FromBytes(b)), b}, err
}

func (d document) descriptor(mediaType string) v1.Descriptor {
	return v1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(d.content), Size: int64(len(d.content))}
}

func blobPath(d digest.Digest) string { return path.Join("blobs", d.Algorithm().String(), d.Encoded()) }

// entry is a File with its tar header.
type entry struct {
	header *tar.Header
	file   File
}

// withParents lists the files after the directories they need.
func (img Image) withParents() ([]entry, error) {
	dirs := map[string]bool{}
	var entries []entry
	for _, f := range img.Files {
		name := strings.TrimPrefix(f.Path, "/")
		for d := path.Dir(name); d != "."; d = path.Dir(d) {
			dirs[d] = true
		}
		h := &tar.Header{Name: name, Mode: f.Mode, Size: int64(len(f.Content)), ModTime: epoch, Format: tar.FormatPAX}
		if h.Mode == 0 {
			h.Mode = 0o755
		}
		if f.Link != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, f.Link
		}
		if f.Source != "" {
			st, err := os.Stat(f.Source)
			if err != nil {
				return nil, err
			}
			h.Size = st.Size()
		}
		if f.BindLowPorts {
			h.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": bindLowPorts}
		}
		entries = append(entries, entry{h, f})
	}
	dirs["tmp"] = true
	var parents []entry
	for d := range dirs {
		mode := int64(0o755)
		if d == "tmp" {
			mode = 0o1777
		}
		parents = append(parents, entry{header: &tar.Header{
			Typeflag: tar.TypeDir, Name: d + "/", Mode: mode, ModTime: epoch, Format: tar.FormatPAX,
		}})
	}
	slices.SortFunc(parents, func(a, b entry) int { return strings.Compare(a.header.Name, b.header.Name) })
	return append(parents, entries...), nil
}

func writeLayer(w io.Writer, entries []entry) error {
	t := tar.NewWriter(w)
	for _, e := range entries {
		if err := e.write(t); err != nil {
			return err
		}
	}
	return t.Close()
}

func (e entry) write(t *tar.Writer) error {
	if e.file.Source == "" {
		return writeFile(t, e.header, strings.NewReader(e.file.Content))
	}
	f, err := os.Open(e.file.Source)
	if err != nil {
		return err
	}
	defer f.Close()
	return writeFile(t, e.header, f)
}

func writeFile(t *tar.Writer, h *tar.Header, content io.Reader) error {
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	_, err := io.Copy(t, content)
	return err
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}
