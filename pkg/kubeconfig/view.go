package kubeconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// view is a list of kubeconfig files seen as one, as clientcmd does: of entries of the same name
// the first file's counts, and so does the first current context.
type view struct {
	files  []*file
	config *clientcmdapi.Config // every entry has its LocationOfOrigin and absolute paths
}

type file struct {
	path   string
	exists bool
	doc    *document
}

func load(paths []string) (*view, error) {
	if len(paths) == 0 {
		return nil, errors.New("no kubeconfig file is named")
	}
	v := &view{config: clientcmdapi.NewConfig()}
	for _, path := range paths {
		f := &file{path: path, exists: true}
		data, err := os.ReadFile(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			f.exists = false
		case err != nil:
			return nil, fmt.Errorf("read kubeconfig: %w", err)
		}
		if f.doc, err = parseDocument(data); err != nil {
			return nil, fmt.Errorf("read kubeconfig %s: %w", path, err)
		}
		if err := v.add(path, data); err != nil {
			return nil, fmt.Errorf("read kubeconfig %s: %w", path, err)
		}
		v.files = append(v.files, f)
	}
	return v, nil
}

func (v *view) add(path string, data []byte) error {
	c, err := Decode(data)
	if err != nil {
		return err
	}
	for _, e := range c.Clusters {
		e.LocationOfOrigin = path
	}
	for _, e := range c.AuthInfos {
		e.LocationOfOrigin = path
	}
	for _, e := range c.Contexts {
		e.LocationOfOrigin = path
	}
	if err := clientcmd.ResolveLocalPaths(c); err != nil {
		return err
	}
	addMissing(v.config.Clusters, c.Clusters)
	addMissing(v.config.AuthInfos, c.AuthInfos)
	addMissing(v.config.Contexts, c.Contexts)
	if v.config.CurrentContext == "" {
		v.config.CurrentContext = c.CurrentContext
	}
	return nil
}

func addMissing[E any](to, from map[string]*E) {
	for name, e := range from {
		if _, ok := to[name]; !ok {
			to[name] = e
		}
	}
}

// holding returns the file whose element of s called name counts, nil if there is none.
func (v *view) holding(s section, name string) *file {
	for _, f := range v.files {
		if f.doc.element(s, name) != nil {
			return f
		}
	}
	return nil
}

// home returns the file for new entries: the first that exists, else the first.
func (v *view) home() *file {
	for _, f := range v.files {
		if f.exists {
			return f
		}
	}
	return v.files[0]
}

// currentContextFile returns the file whose current context counts, or home if none has one.
func (v *view) currentContextFile() *file {
	for _, f := range v.files {
		if n := lookup(f.doc.top(), "current-context"); n != nil && n.Value != "" {
			return f
		}
	}
	return v.home()
}

// write puts every file back that was changed.
func (v *view) write() error {
	for _, f := range v.files {
		if !f.doc.changed {
			continue
		}
		data, err := f.doc.bytes()
		if err == nil {
			err = writeFile(f.path, data)
		}
		if err != nil {
			return fmt.Errorf("write kubeconfig %s: %w", f.path, err)
		}
	}
	return nil
}
