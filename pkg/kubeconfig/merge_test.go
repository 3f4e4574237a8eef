package kubeconfig

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func mustMerge(t *testing.T, files []string, c *clientcmdapi.Config, o MergeOptions) string {
	t.Helper()
	file, err := Merge(t.Context(), files, c, o)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func mustRemove(t *testing.T, files []string, ca []byte) {
	t.Helper()
	if removed, err := Remove(t.Context(), files, "fellowship", IsOurs(New(fellowship(ca)).Clusters["fellowship"])); err != nil || !removed {
		t.Fatalf("Remove = %v, %v; want true", removed, err)
	}
}

func TestMergeThenRemoveGivesTheOriginalFile(t *testing.T) {
	bundle := ca(t)
	for name, content := range map[string]string{
		"a file with comments and unknown fields": foreignFile,
		"a file as kubectl writes it empty":       "apiVersion: v1\nclusters: []\ncontexts: []\ncurrent-context: \"\"\nkind: Config\nusers: []\n",
		"a file in JSON":                          "{\"apiVersion\": \"v1\", \"kind\": \"Config\", \"clusters\": [], \"contexts\": [], \"users\": []}\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "config", content)
			e := fellowship(bundle)
			e.BasicAuth = &Basic{Username: "admin", Password: "friend"}
			mustMerge(t, []string{path}, New(e), MergeOptions{})
			got, err := clientcmd.LoadFromFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if c := got.Contexts["fellowship"]; c == nil || got.Clusters[c.Cluster] == nil || got.AuthInfos[c.AuthInfo] == nil {
				t.Fatalf("no complete context after the merge:\n%s", read(t, path))
			}
			mustRemove(t, []string{path}, bundle)
			if diff := cmp.Diff(content, read(t, path)); diff != "" {
				t.Errorf("file after Merge and Remove (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMergeKeepsTheRest(t *testing.T) {
	bundle := ca(t)
	path := write(t, "config", foreignFile)
	mustMerge(t, []string{path}, New(fellowship(bundle)), MergeOptions{})
	for line := range strings.Lines(foreignFile) {
		if !strings.Contains(read(t, path), line) {
			t.Errorf("line is lost: %s", line)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o640 {
		t.Errorf("mode is %v, want it kept at 0640", info.Mode())
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
		t.Errorf("files left beside it: %v", left)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) != 0 {
		t.Errorf("hidden files left beside it: %v", left)
	}
}

func TestMergeRemovesWhatAKilledWriterLeft(t *testing.T) {
	path := write(t, "config", foreignFile)
	left := filepath.Join(filepath.Dir(path), ".config.fedhelm")
	if err := os.WriteFile(left, []byte("half a kubeconfig"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustMerge(t, []string{path}, New(fellowship(ca(t))), MergeOptions{})
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
	if !strings.Contains(read(t, path), "fellowship") {
		t.Error("nothing was merged")
	}
}

func TestMergeTwiceDoesNotWriteAgain(t *testing.T) {
	path := write(t, "config", foreignFile)
	c := New(fellowship(ca(t)))
	mustMerge(t, []string{path}, c, MergeOptions{})
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	mustMerge(t, []string{path}, c, MergeOptions{})
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(before, after) {
		t.Error("the file was replaced although nothing changed")
	}
}

func TestMergeRenewsOursAndKeepsTheUsersAdditions(t *testing.T) {
	bundle := ca(t)
	e := fellowship(bundle)
	e.Token = "old"
	path := write(t, "config", "")
	mustMerge(t, []string{path}, New(e), MergeOptions{})
	c, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c.Contexts["fellowship"].Namespace = "shire"
	c.Clusters["fellowship"].ProxyURL = "http://proxy.example.com"
	if err := clientcmd.WriteToFile(*c, path); err != nil {
		t.Fatal(err)
	}
	e.Server, e.Token = "https://172.30.0.51", ""
	mustMerge(t, []string{path}, New(e), MergeOptions{})
	got, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.Clusters["fellowship"].Server != e.Server || got.AuthInfos["fellowship"].Token != "" {
		t.Error("server or token is still the old one")
	}
	if got.Contexts["fellowship"].Namespace != "shire" || got.Clusters["fellowship"].ProxyURL == "" {
		t.Error("the user's namespace or proxy is lost")
	}
}

func TestMergeMendsAContextWithoutItsUser(t *testing.T) {
	path := write(t, "config", "contexts:\n- name: fellowship\n  context: {cluster: fellowship, user: gone}\n")
	mustMerge(t, []string{path}, New(fellowship(ca(t))), MergeOptions{})
	got, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if user := got.Contexts["fellowship"].AuthInfo; user != "fellowship" {
		t.Errorf("context uses %q, want the user that is there", user)
	}
}

func TestCurrentContext(t *testing.T) {
	bundle := ca(t)
	current := func(path string) string {
		c, err := clientcmd.LoadFromFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return c.CurrentContext
	}
	path := write(t, "config", foreignFile)
	mustMerge(t, []string{path}, New(fellowship(bundle)), MergeOptions{})
	if got := current(path); got != "rivendell" {
		t.Errorf("current context became %q without being asked to", got)
	}
	mustMerge(t, []string{path}, New(fellowship(bundle)), MergeOptions{SetCurrentContext: true})
	if got := current(path); got != "fellowship" {
		t.Errorf("current context is %q, want the merged one", got)
	}
	mustRemove(t, []string{path}, bundle)
	if got := current(path); got != "" {
		t.Errorf("current context still names the removed one: %q", got)
	}
}

func TestNewFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "config")
	mustMerge(t, []string{path}, New(fellowship(ca(t))), MergeOptions{})
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode of a new file is %v, want 0600", info.Mode())
	}
}

func TestMergeFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	for _, to := range []string{"real", "missing"} {
		if to == "real" {
			if err := os.WriteFile(filepath.Join(dir, to), []byte(foreignFile), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
		mustMerge(t, []string{link}, New(fellowship(ca(t))), MergeOptions{})
		if got, err := os.Readlink(link); err != nil || got != to {
			t.Errorf("the link became %q, %v", got, err)
		}
		if !strings.Contains(read(t, filepath.Join(dir, to)), "fellowship") {
			t.Errorf("nothing was written to %s, where the link leads", to)
		}
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSeveralFiles(t *testing.T) {
	bundle := ca(t)
	t.Run("a new entry goes to the first file that exists", func(t *testing.T) {
		first, second := filepath.Join(t.TempDir(), "absent"), write(t, "config", foreignFile)
		if got := mustMerge(t, []string{first, second}, New(fellowship(bundle)), MergeOptions{}); got != second {
			t.Errorf("written to %s, want %s", got, second)
		}
		if _, err := os.Stat(first); !os.IsNotExist(err) {
			t.Errorf("the absent file was made: %v", err)
		}
	})
	t.Run("an entry is renewed where it is", func(t *testing.T) {
		first, second := write(t, "first", foreignFile), write(t, "second", "")
		mustMerge(t, []string{second}, New(fellowship(bundle)), MergeOptions{})
		e := fellowship(bundle)
		e.Server = "https://172.30.0.51"
		e.BasicAuth = &Basic{Username: "admin", Password: "friend"}
		if got := mustMerge(t, []string{first, second}, New(e), MergeOptions{}); got != second {
			t.Errorf("written to %s, want %s", got, second)
		}
		if got := read(t, first); got != foreignFile {
			t.Errorf("the other file was changed:\n%s", got)
		}
		mustRemove(t, []string{first, second}, bundle)
		if got := read(t, second); strings.Contains(got, "fellowship") {
			t.Errorf("left after Remove:\n%s", got)
		}
	})
	t.Run("a current context is set where one is set", func(t *testing.T) {
		first, second := write(t, "first", ""), write(t, "second", foreignFile)
		mustMerge(t, []string{first, second}, New(fellowship(bundle)), MergeOptions{SetCurrentContext: true})
		if !strings.Contains(read(t, second), "current-context: fellowship") {
			t.Errorf("current context is not set in the second file:\n%s", read(t, second))
		}
	})
}

func TestRemoveLeavesWhatIsNotOurs(t *testing.T) {
	ours, theirs := ca(t), ca(t)
	t.Run("a cluster with another CA stays and is reported", func(t *testing.T) {
		path := write(t, "config", "")
		mustMerge(t, []string{path}, New(fellowship(theirs)), MergeOptions{})
		before := read(t, path)
		removed, err := Remove(t.Context(), []string{path}, "fellowship", IsOurs(New(fellowship(ours)).Clusters["fellowship"]))
		if !errors.Is(err, ErrNotOurs) || removed {
			t.Errorf("Remove = %v, %v; want ErrNotOurs", removed, err)
		}
		if read(t, path) != before {
			t.Error("the file was changed")
		}
	})
	t.Run("a user that another cluster's context uses stays", func(t *testing.T) {
		path := write(t, "config", "")
		mustMerge(t, []string{path}, New(fellowship(ours)), MergeOptions{})
		c, err := clientcmd.LoadFromFile(path)
		if err != nil {
			t.Fatal(err)
		}
		c.Contexts["bree"] = &clientcmdapi.Context{Cluster: "bree", AuthInfo: "fellowship"}
		if err := clientcmd.WriteToFile(*c, path); err != nil {
			t.Fatal(err)
		}
		mustRemove(t, []string{path}, ours)
		got, err := clientcmd.LoadFromFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got.AuthInfos["fellowship"] == nil || got.Clusters["fellowship"] != nil {
			t.Errorf("want the user kept and the cluster gone:\n%s", read(t, path))
		}
	})
	t.Run("nothing to remove is no error", func(t *testing.T) {
		path := write(t, "config", foreignFile)
		if removed, err := Remove(t.Context(), []string{path}, "fellowship", IsOurs(New(fellowship(ours)).Clusters["fellowship"])); err != nil || removed {
			t.Errorf("Remove = %v, %v; want false, nil", removed, err)
		}
		if read(t, path) != foreignFile {
			t.Error("the file was changed")
		}
	})
}

func TestMergeRefusesWhatItCannotKeep(t *testing.T) {
	for name, content := range map[string]string{
		"two documents": foreignFile + "---\nkind: Config\n",
		"not a mapping": "- a\n- b\n",
		"not YAML":      "a: [b\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "config", content)
			if _, err := Merge(t.Context(), []string{path}, New(fellowship(ca(t))), MergeOptions{}); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("Merge = %v, want an error that names the file", err)
			}
			if read(t, path) != content {
				t.Error("the file was changed")
			}
		})
	}
}
