package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Archive is a packed image on disk.
type Archive struct {
	Name   string // the image's
	Path   string
	Digest string // of the manifest: the same for the same content
}

// Pack writes the image into the directory, unless the same is there already.
func Pack(dir string, img Image) (Archive, error) {
	sources, err := img.fingerprint()
	if err != nil {
		return Archive{}, fmt.Errorf("pack image %s: %w", img.Name, err)
	}
	base := strings.NewReplacer("/", "_", ":", "_").Replace(img.Name)
	a := Archive{Name: img.Name, Path: filepath.Join(dir, base+".tar")}
	stamp := a.Path + ".sum" // "<fingerprint of the sources> <digest>"
	if old, err := os.ReadFile(stamp); err == nil {
		if before, sum, _ := strings.Cut(string(old), " "); before == sources {
			a.Digest = sum
			return a, nil
		}
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return Archive{}, err
	}
	part, err := os.CreateTemp(dir, base+".*.part")
	if err != nil {
		return Archive{}, err
	}
	defer os.Remove(part.Name())
	sum, err := Write(part, img)
	if err = errors.Join(err, part.Close()); err != nil {
		return Archive{}, err
	}
	a.Digest = sum.String()
	if err := os.Rename(part.Name(), a.Path); err != nil {
		return Archive{}, err
	}
	return a, os.WriteFile(stamp, []byte(sources+" "+a.Digest), 0o600)
}

// parallel is how many images are packed or imported at a time: enough to keep a disk busy.
const parallel = 2

// PackAll packs several at a time.
func PackAll(dir string, images []Image) ([]Archive, error) {
	archives := make([]Archive, len(images))
	var g errgroup.Group
	g.SetLimit(parallel)
	for i, img := range images {
		g.Go(func() (err error) {
			archives[i], err = Pack(dir, img)
			return err
		})
	}
	return archives, g.Wait()
}

// fingerprint tells when to pack again: by the description, and by size and time of the sources, for reading them all
// would take longer than everything else that a second run does.
func (img Image) fingerprint() (string, error) {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(img); err != nil {
		return "", err
	}
	for _, f := range img.Files {
		if f.Source == "" {
			continue
		}
		st, err := os.Stat(f.Source)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(h, st.Size(), st.ModTime().UnixNano())
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Importer puts images into one containerd and remembers which, so that nothing goes in twice.
type Importer struct {
	Socket string
	// Record is the file it remembers in; it must go when containerd's images go.
	Record string
}

// Import imports what is not there yet, several at a time, and returns the names of those.
func (i Importer) Import(ctx context.Context, archives []Archive) ([]string, error) {
	have := map[string]string{}
	if b, err := os.ReadFile(i.Record); err == nil {
		if err := json.Unmarshal(b, &have); err != nil {
			have = map[string]string{} // cut off by a kill; importing again does no harm
		}
	}
	var names []string
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, a := range archives {
		if have[a.Name] == a.Digest {
			continue
		}
		names = append(names, a.Name)
		g.Go(func() error { return i.importOne(gctx, a) })
	}
	if err := g.Wait(); err != nil || len(names) == 0 {
		return nil, err
	}
	for _, a := range archives {
		have[a.Name] = a.Digest
	}
	b, err := json.MarshalIndent(have, "", "  ")
	if err != nil {
		return nil, err
	}
	return names, os.WriteFile(i.Record, b, 0o600)
}

func (i Importer) importOne(ctx context.Context, a Archive) error {
	cmd := exec.CommandContext(ctx, "ctr", "--address", i.Socket, "--namespace", "k8s.io", "images", "import", a.Path)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("import image %s: %w\n%s", a.Name, err, out)
	}
	return nil
}
