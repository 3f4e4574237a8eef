package authproxy

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	// maxCost keeps one line of the file from occupying a processor for minutes.
	maxCost = 15
	// hashLength is that of every bcrypt hash; what is longer has something behind it.
	hashLength = 60
)

// user is one line of the users file.
type user struct {
	identity
	hash []byte
	cost int
}

// parseUsers reads lines of <bcrypt hash>,<name>,<uid>[,"<group>,<group>"], the form
// of kube-apiserver's former --basic-auth-file but for the hash. It reports every
// bad line, by its number: a content might be a password that somebody did not hash.
func parseUsers(file []byte) (map[string]*user, error) {
	users := map[string]*user{}
	var errs []error
	r := csv.NewReader(bytes.NewReader(file))
	r.FieldsPerRecord = -1
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			return nil, errors.Join(append(errs, fmt.Errorf("line %d: %w", syntax.Line, syntax.Err))...)
		} else if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		u, err := parseUser(record)
		if err == nil && users[u.user] != nil {
			err = errors.New("a line before has the same user")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", line, err))
			continue
		}
		users[u.user] = u
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return users, nil
}

func parseUser(record []string) (*user, error) {
	if len(record) < 3 || len(record) > 4 {
		return nil, fmt.Errorf("has %d fields, must have three or four: bcrypt hash, user, UID and, in quotes, groups separated by commas", len(record))
	}
	u := &user{hash: []byte(record[0]), identity: identity{user: record[1], uid: record[2]}}
	cost, err := bcrypt.Cost(u.hash)
	if err != nil || len(u.hash) != hashLength {
		return nil, errors.New("the first field is not a bcrypt hash")
	}
	if u.cost = cost; cost > maxCost {
		return nil, fmt.Errorf("the bcrypt hash has cost %d, at most %d is allowed", cost, maxCost)
	}
	if len(record) == 4 && record[3] != "" {
		u.groups = strings.Split(record[3], ",")
	}
	if u.check() != nil {
		return nil, errors.New("user, UID or a group is empty, or has spaces around it or control characters in it")
	}
	if strings.ContainsRune(u.user, ':') {
		// "system:…" are Kubernetes' own; and HTTP ends the name at the first colon.
		return nil, errors.New("a user name may not contain a colon")
	}
	for _, g := range u.groups {
		if g == "system:masters" {
			return nil, errors.New("group system:masters passes by all authorization and may not be given to a password; bind a group of your own to ClusterRole cluster-admin")
		}
	}
	return u, nil
}
