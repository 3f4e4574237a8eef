package authproxy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// identity is what the API server is told of who makes a request.
type identity struct {
	user   string
	uid    string
	groups []string
	extra  map[string]string
}

// check refuses what a header cannot carry unchanged: the API server would see
// another name than the one that was verified.
func (i *identity) check() error {
	if i.user == "" {
		return errors.New("the user has no name")
	}
	values := append([]string{i.user}, i.groups...)
	if i.uid != "" {
		values = append(values, i.uid)
	}
	for _, v := range values {
		if v == "" || strings.TrimSpace(v) != v || !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
			return fmt.Errorf("%q cannot be a user, UID or group: it is empty, or has spaces around it or control characters in it", v)
		}
	}
	return nil
}

// assert writes the identity as kube-apiserver's --requestheader-* flags expect it.
func (i *identity) assert(h http.Header) {
	h.Set("X-Remote-User", i.user)
	for _, g := range i.groups {
		h.Add("X-Remote-Group", g)
	}
	if i.uid != "" {
		h.Set("X-Remote-Uid", i.uid)
	}
	for key, value := range i.extra {
		h.Set("X-Remote-Extra-"+url.PathEscape(key), value)
	}
}

// stripIdentity removes every header by which a client could claim an identity,
// in any spelling that something behind us might take for one, and the address
// headers that only we may set. Impersonate-* stays: the API server authorizes it.
func stripIdentity(h http.Header) {
	for name := range h {
		plain := strings.ReplaceAll(strings.ToLower(name), "_", "-")
		if strings.HasPrefix(plain, "x-remote-") || plain == "x-forwarded-for" || plain == "x-real-ip" {
			delete(h, name)
		}
	}
}

type identityKey struct{}

// withIdentity keeps an identity for the way back; nil asserts nothing.
func withIdentity(ctx context.Context, id *identity) context.Context {
	return context.WithValue(ctx, identityKey{}, id)
}

func identityFrom(ctx context.Context) *identity {
	id, _ := ctx.Value(identityKey{}).(*identity)
	return id
}
