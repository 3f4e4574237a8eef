package pki

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
	corev1 "k8s.io/api/core/v1"

	"github.com/fedhelm/fedhelm/hooks/internal/secrets"
)

const (
	credentialUser  = "admin"
	credentialGroup = "federation:admins"
	keyBasicAuth    = "basicauth.csv"
)

// token makes the administrator's token, once.
func (h *hook) token(ctx context.Context) error {
	if h.TokenSecret != "" {
		return h.users(ctx, h.TokenSecret, secrets.KeyTokens)
	}
	return h.ensureOnce(ctx, secrets.AuthTokens, func(s *corev1.Secret) error {
		if len(s.Data[secrets.KeyTokens]) > 0 {
			return checkLine(s, secrets.KeyTokens)
		}
		token, err := h.random(32)
		if err != nil {
			return err
		}
		s.Data[secrets.KeyTokens], err = h.line(token)
		return err
	})
}

// password makes the administrator's password, once. A hash that is missing is
// made of the password that is there.
func (h *hook) password(ctx context.Context) error {
	if h.BasicSecret != "" {
		return h.users(ctx, h.BasicSecret, keyBasicAuth)
	}
	return h.ensureOnce(ctx, secrets.AuthBasic, func(s *corev1.Secret) error {
		if len(s.Data[keyBasicAuth]) > 0 {
			return checkLine(s, keyBasicAuth)
		}
		if len(s.Data[secrets.KeyUsername]) == 0 {
			s.Data[secrets.KeyUsername] = []byte(credentialUser)
		}
		if len(s.Data[secrets.KeyPassword]) == 0 {
			password, err := h.random(24)
			if err != nil {
				return err
			}
			s.Data[secrets.KeyPassword] = []byte(password)
		}
		hash, err := bcrypt.GenerateFromPassword(s.Data[secrets.KeyPassword], h.passwordCost)
		if err != nil {
			return fmt.Errorf("hash the password in secret %s/%s: %w", s.Namespace, s.Name, err)
		}
		s.Data[keyBasicAuth], err = h.line(string(hash))
		return err
	})
}

func (h *hook) ensureOnce(ctx context.Context, which string, change func(*corev1.Secret) error) error {
	out, outcome, err := h.store.Ensure(ctx, which, change)
	if err != nil {
		return err
	}
	h.report.secret(out, outcome, nil, time.Time{})
	return nil
}

// users looks at a Secret of the user's own.
func (h *hook) users(ctx context.Context, name, key string) error {
	s, err := h.store.GetNamed(ctx, name)
	if err != nil {
		return err
	}
	if s == nil {
		return fmt.Errorf("secret %s/%s does not exist; create it with the key %q", h.Namespace, name, key)
	}
	if err := checkLine(s, key); err != nil {
		return err
	}
	h.report.secret(s, secrets.Checked, nil, time.Time{})
	return nil
}

// line is one line of the files that name users by what they know.
func (h *hook) line(secret string) ([]byte, error) {
	uid := make([]byte, 16)
	if _, err := io.ReadFull(h.source(), uid); err != nil {
		return nil, fmt.Errorf("make a user ID: %w", err)
	}
	return fmt.Appendf(nil, "%s,%s,%s,%q\n", secret, credentialUser, hex.EncodeToString(uid), credentialGroup), nil
}

// random returns n random bytes in letters that need no quoting anywhere.
func (h *hook) random(n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(h.source(), b); err != nil {
		return "", fmt.Errorf("make a random secret: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

func (h *hook) source() io.Reader {
	if h.Rand == nil {
		return rand.Reader
	}
	return h.Rand
}

// checkLine makes sure that what others wrote can be read; it never shows it.
func checkLine(s *corev1.Secret, key string) error {
	r := csv.NewReader(strings.NewReader(string(s.Data[key])))
	r.FieldsPerRecord = -1
	records, err := r.ReadAll()
	if err == nil {
		err = errors.New("no line")
		for _, fields := range records {
			if err = nil; len(fields) < 3 {
				err = errors.New("a line has fewer than the three fields secret, user and UID")
				break
			}
		}
	}
	if err != nil {
		return fmt.Errorf("secret %s/%s, key %q: %w; mend it, or, if it was made here, delete the key to have a new one made", s.Namespace, s.Name, key, err)
	}
	return nil
}
