package fakeserver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$`)

// Accept makes further keys good, with the session token that requests must have then.
func (s *Server) Accept(keys aws.Credentials) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[keys.AccessKeyID] = keys
}

// authenticate checks the signature (AWS Signature Version 4) by signing the request once more.
func (s *Server) authenticate(r *http.Request, body []byte, service string) *Error {
	fields := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if fields == nil {
		return &Error{Status: http.StatusForbidden, Code: "MissingAuthenticationToken", Message: "Missing Authentication Token"}
	}
	id, region, scope, signed := fields[1], fields[2], fields[3], fields[4]
	keys, known := s.keys[id]
	if !known || r.Header.Get("X-Amz-Security-Token") != keys.SessionToken {
		return &Error{Status: http.StatusForbidden, Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid: " + r.Header.Get("X-Amz-Security-Token")}
	}
	when, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(when).Abs() > 15*time.Minute {
		return &Error{Status: http.StatusForbidden, Code: "RequestExpired", Message: "Request has expired."}
	}
	again := &http.Request{Method: r.Method, URL: &url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}, Host: r.Host, Header: http.Header{}}
	for name := range strings.SplitSeq(signed, ";") {
		switch name {
		case "host":
		case "content-length":
			again.ContentLength = r.ContentLength
		default:
			again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	hash := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(context.WithoutCancel(r.Context()), keys, again, hex.EncodeToString(hash[:]), service, region, when); err != nil || scope != service ||
		again.Header.Get("Authorization") != r.Header.Get("Authorization") {
		return &Error{Status: http.StatusForbidden, Code: "SignatureDoesNotMatch", Message: fmt.Sprintf("The request signature we calculated does not match the signature you provided. "+
			"The Canonical String for this request should have been '%s %s x-amz-security-token:%s'", r.Method, r.URL.Path, keys.SessionToken)}
	}
	return nil
}

// assumeRole is the part of STS: AssumeRole with keys, AssumeRoleWithWebIdentity with the token "web-identity". Roles are good if their name does
// not begin with "no".
func (s *Server) assumeRole(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return // the client has gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Count("AssumeRole")
	action, role := r.PostFormValue("Action"), r.PostFormValue("RoleArn")
	var refusal *Error
	if action == "AssumeRole" {
		refusal = s.authenticate(r, body, "sts")
	} else if r.PostFormValue("WebIdentityToken") != "web-identity" {
		refusal = &Error{Status: http.StatusBadRequest, Code: "InvalidIdentityToken", Message: "The token is not valid: " + r.PostFormValue("WebIdentityToken")}
	}
	if refusal == nil && strings.Contains(role, ":role/no") {
		refusal = &Error{Status: http.StatusForbidden, Code: "AccessDenied", Message: "not authorized to perform: sts:AssumeRole on resource: " + role}
	}
	if refusal != nil {
		write(w, refusal.Status, refusal.document())
		return
	}
	keys := aws.Credentials{AccessKeyID: fmt.Sprintf("ASIAFAKE%012d", len(s.keys)), SecretAccessKey: "session/secret", SessionToken: "session-token"}
	s.keys[keys.AccessKeyID] = keys
	type credentials struct {
		AccessKeyID     string `xml:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Expiration      string
	}
	type result struct {
		XMLName     xml.Name
		Credentials credentials
	}
	write(w, http.StatusOK, struct {
		XMLName xml.Name
		Result  result
	}{
		XMLName: xml.Name{Local: action + "Response"},
		Result: result{
			XMLName:     xml.Name{Local: action + "Result"},
			Credentials: credentials{keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken, time.Now().Add(time.Hour).UTC().Format(time.RFC3339)},
		},
	})
}
