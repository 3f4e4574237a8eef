package shape

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
)

// Template is what all members hold of a source, without the fields that are divided. It does not change, and may be used from several
// goroutines.
type Template struct {
	// The JSON of an object is head, what only an apply says of metadata, middle, the share, tail. middle begins within annotations.
	head, middle, tail string
	divided            bool // the share goes into a spec
}

// createVersion is a resourceVersion that no object has, so that an apply with it makes an object but changes none.
const createVersion = "1"

// Body is what to apply.
func (t *Template) Body(s Share, p Precondition) []byte {
	precondition := `"resourceVersion":"` + createVersion + `",`
	if p.UID != "" {
		uid, _ := json.Marshal(p.UID) // a string can always be encoded
		precondition = `"uid":` + string(uid) + ","
	}
	share := t.share(s)
	hash := t.hash(share)
	var b strings.Builder
	b.Grow(len(t.head) + len(t.middle) + len(t.tail) + len(share) + len(precondition) + 64)
	b.WriteString(t.head)
	b.WriteString(precondition)
	b.WriteString(`"annotations":{"` + fedv1beta1.AnnotationHash + `":"` + hash + `"`)
	b.WriteString(t.middle)
	b.WriteString(share)
	b.WriteString(t.tail)
	return []byte(b.String())
}

// Hash identifies what Body says, whatever the precondition: 16 hexadecimal digits.
func (t *Template) Hash(s Share) string { return t.hash(t.share(s)) }

// Size is about how many bytes Body returns.
func (t *Template) Size() int { return len(t.head) + len(t.middle) + len(t.tail) }

func (t *Template) hash(share string) string {
	h := sha256.New()
	for _, part := range []string{t.head, t.middle, share, t.tail} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func (t *Template) share(s Share) string {
	if !t.divided {
		return ""
	}
	var b strings.Builder
	for _, f := range []struct {
		name  string
		value *int32
	}{
		{"replicas", s.Replicas}, {"parallelism", s.Parallelism}, {"completions", s.Completions},
		{"minReplicas", s.MinReplicas}, {"maxReplicas", s.MaxReplicas},
	} {
		if f.value != nil {
			b.WriteString(`"` + f.name + `":` + strconv.Itoa(int(*f.value)) + ",")
		}
	}
	return b.String()
}
