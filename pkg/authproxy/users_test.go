package authproxy

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// hashOf is as cheap as bcrypt can be.
func hashOf(tb testing.TB, password string) string {
	tb.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		tb.Fatal(err)
	}
	return string(h)
}

func TestParseUsers(t *testing.T) {
	hash := hashOf(t, "secret")
	costly := "$2a$16" + hash[6:]
	tests := []struct {
		name    string
		file    string
		want    []string // user/uid/groups
		wantErr []string // none: no error
	}{
		{name: "a line has user, UID and quoted groups", file: hash + `,admin,42,"federation:admins,ops"`, want: []string{"admin/42/federation:admins|ops"}},
		{name: "groups may be missing", file: hash + ",admin,42\n", want: []string{"admin/42/"}},
		{name: "the UID may be empty", file: hash + `,admin,,ops`, want: []string{"admin//ops"}},
		{name: "empty groups are none", file: hash + `,admin,42,""`, want: []string{"admin/42/"}},
		{name: "blank lines and CRLF are allowed", file: "\r\n" + hash + ",a,1\r\n\r\n" + hash + ",b,2\r\n", want: []string{"a/1/", "b/2/"}},
		{name: "an empty file has no users", file: "", want: nil},
		{name: "names need not be ASCII", file: hash + ",Éowyn,1", want: []string{"Éowyn/1/"}},
		{name: "a password that is not hashed is refused and not shown", file: "secret,admin,1", wantErr: []string{"line 1", "not a bcrypt hash"}},
		{name: "something behind the hash is refused", file: hash + "x,admin,1", wantErr: []string{"not a bcrypt hash"}},
		{name: "a hash that takes minutes is refused", file: costly + ",admin,1", wantErr: []string{"cost 16"}},
		{name: "system:masters may not be given", file: hash + `,admin,1,"ops,system:masters"`, wantErr: []string{"system:masters", "cluster-admin"}},
		{name: "users of Kubernetes' own may not be given", file: hash + `,system:kube-scheduler,1`, wantErr: []string{"colon"}},
		{name: "two fields are too few", file: hash + ",admin", wantErr: []string{"has 2 fields"}},
		{name: "groups without quotes are too many fields", file: hash + ",admin,1,a,b", wantErr: []string{"has 5 fields"}},
		{name: "a user without a name is refused", file: hash + ",,1", wantErr: []string{"is empty"}},
		{name: "an empty group is refused", file: hash + `,admin,1,"a,,b"`, wantErr: []string{"is empty"}},
		{name: "spaces that a header would lose are refused", file: hash + `, admin,1`, wantErr: []string{"spaces around"}},
		{name: "a line break in a name is refused", file: hash + ",\"adm\nin\",1", wantErr: []string{"control characters"}},
		{name: "the same user twice is refused", file: hash + ",a,1\n" + hash + ",a,2", wantErr: []string{"line 2", "same user"}},
		{name: "an open quote is refused", file: hash + `,a,1,"b`, wantErr: []string{"line 1"}},
		{name: "every bad line is reported", file: "x,a,1\n" + hash + ",b,1\ny,c,1", wantErr: []string{"line 1", "line 3"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			users, err := parseUsers([]byte(tt.file))
			var got []string
			for _, u := range users {
				got = append(got, u.user+"/"+u.uid+"/"+strings.Join(u.groups, "|"))
			}
			slices.Sort(got)
			if !slices.Equal(got, tt.want) {
				t.Errorf("users %q, want %q", got, tt.want)
			}
			if (err != nil) != (tt.wantErr != nil) {
				t.Fatalf("error %v, want one: %v", err, tt.wantErr != nil)
			}
			for _, s := range tt.wantErr {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("error %q does not say %q", err, s)
				}
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("error %q shows a password", err)
			}
		})
	}
}

func FuzzParseUsers(f *testing.F) {
	hash := hashOf(f, "x")
	f.Add([]byte(hash + `,admin,1,"a,b"`))
	f.Add([]byte(hash + ",a,1\n" + hash + ",b,\"2\"\r\n"))
	f.Add([]byte("\xff,\"\n,,"))
	f.Add([]byte(hash + ",\"a\"\"b\",1,system:masters"))
	f.Fuzz(func(t *testing.T, file []byte) {
		users, err := parseUsers(file)
		if err != nil && users != nil {
			t.Fatalf("users and an error: %v", err)
		}
		for name, u := range users {
			if name != u.user || strings.Contains(name, ":") || slices.Contains(u.groups, "system:masters") {
				t.Errorf("user %q with groups %q was let in as %q", u.user, u.groups, name)
			}
			if err := u.check(); err != nil {
				t.Errorf("user %q cannot be asserted: %v", name, err)
			}
			if cost, err := bcrypt.Cost(u.hash); err != nil || cost > maxCost {
				t.Errorf("user %q has a hash of cost %d, %v", name, cost, err)
			}
		}
	})
}
