package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/fedhelm/fedhelm/pkg/delivery"
	"github.com/fedhelm/fedhelm/pkg/kinds"
)

const (
	longestKey = 253 // of a ConfigMap's data
	slash      = "__"
	hashed     = "_x" // what is escaped begins with hexadecimal digits instead
	toDelete   = "delete"
	toOrphan   = "orphan"
)

var errMalformed = errors.New("malformed")

// encode writes an entry as key and value of a ConfigMap's data: KIND__NAMESPACE__NAME and "UID[,FORMER...] delete|orphan [VERSION]". A key
// that is too long is a hash instead, and stands at the end of the value.
func encode(e Entry) (key, value string) {
	parts := []string{string(e.Key.Kind), e.Key.Namespace, e.Key.Name}
	if e.Key.Namespace == "" {
		parts = []string{parts[0], parts[2]}
	}
	for i := range parts {
		parts[i] = escape(parts[i])
	}
	key = strings.Join(parts, slash)
	uids := []string{escape(string(e.UID))}
	if e.Former != "" {
		for uid := range strings.SplitSeq(string(e.Former), ",") {
			uids = append(uids, escape(uid))
		}
	}
	value = strings.Join(uids, ",")
	if e.Orphan {
		value += " " + toOrphan
	} else {
		value += " " + toDelete
	}
	if e.Version != "" {
		value += " " + escape(e.Version)
	}
	if len(key) > longestKey {
		sum := sha256.Sum256([]byte(key))
		return hashed + hex.EncodeToString(sum[:]), value + " " + key
	}
	return key, value
}

// decode is the reverse of encode.
func decode(key, value string) (Entry, error) {
	words := strings.Split(value, " ")
	if last := len(words) - 1; strings.HasPrefix(key, hashed) && last >= 2 {
		key, words = words[last], words[:last]
	}
	if len(words) == 2 {
		words = append(words, "")
	}
	if len(words) != 3 || words[1] != toDelete && words[1] != toOrphan {
		return Entry{}, fmt.Errorf("value %q: %w", value, errMalformed)
	}
	parts := strings.Split(key, slash)
	if len(parts) == 2 {
		parts = []string{parts[0], "", parts[1]}
	}
	if len(parts) != 3 {
		return Entry{}, fmt.Errorf("key %q: %w", key, errMalformed)
	}
	uids := strings.Split(words[0], ",")
	for _, all := range [][]string{parts, uids, words[2:]} {
		for i, s := range all {
			plain, err := unescape(s)
			if err != nil {
				return Entry{}, err
			}
			all[i] = plain
		}
	}
	return Entry{
		Key:     delivery.Key{Kind: kinds.ID(parts[0]), Namespace: parts[1], Name: parts[2]},
		UID:     types.UID(uids[0]),
		Former:  Former(strings.Join(uids[1:], ",")),
		Orphan:  words[1] == toOrphan,
		Version: words[2],
	}, nil
}

// escape leaves letters, digits, dashes, and dots that do not come first; any other byte becomes _ and two hexadecimal digits.
func escape(s string) string {
	plain := func(i int) bool {
		c := s[i]
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' && i > 0
	}
	var b strings.Builder
	for i := range len(s) {
		if plain(i) {
			b.WriteByte(s[i])
		} else {
			b.WriteByte('_')
			b.WriteString(hex.EncodeToString([]byte{s[i]}))
		}
	}
	return b.String()
}

func unescape(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '_' {
			b.WriteByte(s[i])
			continue
		}
		if i+3 > len(s) {
			return "", fmt.Errorf("%q: %w", s, errMalformed)
		}
		c, err := hex.DecodeString(s[i+1 : i+3])
		if err != nil {
			return "", fmt.Errorf("%q: %w", s, errMalformed)
		}
		b.Write(c)
		i += 2
	}
	return b.String(), nil
}
