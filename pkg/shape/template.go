package shape

import (
	"crypto/sha256"
	"encoding/hex"

	"k8s.io/apimachinery/pkg/types"

	fedv1beta1 "github.com/fedhelm/fedhelm/pkg/apis/federation/v1beta1"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

// Template is what all members hold of a source, without the fields that are divided. It does not change, and may be used from several
// goroutines.
type Template struct {
	// text is the JSON of an object, but for what only an apply says of its metadata, which goes to offset meta, and for the share, which
	// goes to offset share. Annotations begin at meta.
	text        string
	meta, share int
	divided     kinds.Divided
	bare        bool // there is nothing in the spec before the share
	digest      [sha256.Size]byte
}

// Precondition is what must hold in the member for an apply to succeed.
type Precondition struct {
	// UID of the object that is there. Empty: there is none, so that nothing that is there is touched.
	UID types.UID
}

const (
	// creation is a precondition: a resourceVersion that no object has, so that an apply with it makes an object but changes none.
	creation = `"resourceVersion":"1",`
	// beforeHash and afterHash are what is around the hash.
	beforeHash = `"annotations":{"` + fedv1beta1.AnnotationHash + `":"`
	afterHash  = `"`

	hashLength = 8 // bytes
)

// Body is what to apply.
func (t *Template) Body(s Share, p Precondition) []byte {
	var scratch [sharesLength]byte
	share := t.appendShare(scratch[:0], &s)
	b := make([]byte, 0, len(t.text)+len(share)+len(creation)+len(p.UID)+len(beforeHash)+2*hashLength+len(afterHash))
	b = append(b, t.text[:t.meta]...)
	if p.UID == "" {
		b = append(b, creation...)
	} else {
		b = append(b, `"uid":`...)
		b = appendString(b, string(p.UID))
		b = append(b, ',')
	}
	b = append(b, beforeHash...)
	b = t.appendHash(b, share)
	b = append(b, afterHash...)
	b = append(b, t.text[t.meta:t.share]...)
	b = append(b, share...)
	return append(b, t.text[t.share:]...)
}

// Hash identifies what Body says, whatever the precondition: 16 hexadecimal digits.
func (t *Template) Hash(s Share) string {
	var share [sharesLength]byte
	var hash [2 * hashLength]byte
	return string(t.appendHash(hash[:0], t.appendShare(share[:0], &s)))
}

// Size is about how many bytes Body returns.
func (t *Template) Size() int { return len(t.text) }

// sharesLength is enough for the longest share.
const sharesLength = 64

func (t *Template) appendShare(b []byte, s *Share) []byte {
	b = s.append(b, t.divided)
	if t.bare && len(b) > 0 {
		return b[1:] // nothing that the first comma would follow
	}
	return b
}

// appendHash hashes the digest instead of the text: templates are long, members many, and all but the share is the same for all.
func (t *Template) appendHash(b, share []byte) []byte {
	var scratch [sha256.Size + sharesLength]byte
	sum := sha256.Sum256(append(append(scratch[:0], t.digest[:]...), share...))
	return hex.AppendEncode(b, sum[:hashLength])
}
