package googleclouddns

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
	clouddns "google.golang.org/api/dns/v1"
)

// identity is who we are to Google.
type identity struct {
	key     []byte // what it was made of; nil: default credentials
	project string
	tokens  auth.TokenProvider
}

// kinds of credentials that can be given. Those of users at a browser cannot.
var kinds = []credentials.CredType{
	credentials.ServiceAccount, credentials.AuthorizedUser, credentials.ExternalAccount, credentials.ImpersonatedServiceAccount,
	credentials.ExternalAccountAuthorizedUser,
}

// scopes are what tokens are good for.
func (o Options) scopes() []string {
	if o.TokenURL != "" {
		return []string{clouddns.CloudPlatformScope} // what else it takes to get other tokens is not known
	}
	return []string{clouddns.NdevClouddnsReadwriteScope}
}

// identify gives the project that has the zones, and a token.
func (p *Provider) identify(ctx context.Context) (project, token string, err error) {
	who, err := p.currentIdentity(ctx)
	if err != nil {
		return "", "", err
	}
	t, err := who.tokens.Token(ctx)
	if err != nil {
		return "", "", err
	}
	return who.project, t.Value, nil
}

// currentIdentity makes one at the first call, and when the file has changed.
func (p *Provider) currentIdentity(ctx context.Context) (*identity, error) {
	p.identifying.Lock()
	defer p.identifying.Unlock()
	key := p.options.CredentialsJSON
	if file := p.options.CredentialsFile; file != "" {
		var err error
		if key, err = os.ReadFile(file); err != nil {
			return nil, fmt.Errorf("credentials-file: %w", err)
		}
		if len(key) == 0 {
			return nil, fmt.Errorf("credentials-file %q is empty", file)
		}
	}
	if p.identity != nil && bytes.Equal(p.identity.key, key) {
		return p.identity, nil
	}
	who, err := p.newIdentity(ctx, key)
	if err == nil {
		p.identity = who
	}
	return who, err
}

func (p *Provider) newIdentity(ctx context.Context, key []byte) (*identity, error) {
	var found *auth.Credentials
	var err error
	if key != nil {
		found, err = parseCredentials(key, p.options.scopes())
	} else {
		found, err = credentials.DetectDefault(&credentials.DetectOptions{Scopes: p.options.scopes(), DisableAsyncRefresh: true})
	}
	if err != nil {
		return nil, err
	}
	who := &identity{key: key, project: p.options.ProjectID, tokens: found}
	if who.project == "" {
		if who.project, err = found.ProjectID(ctx); err != nil || who.project == "" {
			return nil, errors.Join(errors.New("the credentials do not say which project has the zones: set project-id in the provider's configuration"), err)
		}
	}
	if p.options.TokenURL != "" {
		exchange := &exchange{url: p.options.TokenURL, body: p.options.TokenBody, base: found}
		who.tokens = auth.NewCachedTokenProvider(exchange, &auth.CachedTokenProviderOptions{DisableAsyncRefresh: true})
	}
	return who, nil
}

// parseCredentials reads them. No error has a part of them in it.
func parseCredentials(key []byte, scopes []string) (*auth.Credentials, error) {
	var head struct {
		Type credentials.CredType `json:"type"`
	}
	if json.Unmarshal(key, &head) != nil || !slices.Contains(kinds, head.Type) {
		return nil, errors.New("the credentials are not JSON of a service account's key or of workload identity federation, as Google gives it out")
	}
	found, err := credentials.NewCredentialsFromJSON(head.Type, key, &credentials.DetectOptions{Scopes: scopes, DisableAsyncRefresh: true})
	if err != nil {
		return nil, fmt.Errorf("the credentials, of type %q, lack something: create a new key", head.Type)
	}
	return found, nil
}

// exchange gets other tokens for those of base, as version 1's token-url does.
type exchange struct {
	url, body string
	base      auth.TokenProvider
}

// Token implements auth.TokenProvider. Neither the URL nor answers are part of errors: they may be secret.
func (e *exchange) Token(ctx context.Context) (*auth.Token, error) {
	base, err := e.base.Token(ctx)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, strings.NewReader(e.body))
	if err != nil {
		return nil, errors.New("token-url is no URL")
	}
	request.Header.Set("Authorization", "Bearer "+base.Value)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, &url.Error{Op: request.Method, URL: "token-url", Err: withoutURL(err)}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, &url.Error{Op: request.Method, URL: "token-url", Err: err}
	}
	if response.StatusCode != http.StatusOK {
		return nil, &auth.Error{Response: response}
	}
	var token struct {
		AccessToken string    `json:"accessToken"`
		ExpireTime  time.Time `json:"expireTime"`
	}
	if err := json.Unmarshal(answer, &token); err != nil || token.AccessToken == "" {
		return nil, errors.New("token-url: the answer is not JSON with accessToken and expireTime")
	}
	return &auth.Token{Value: token.AccessToken, Type: "Bearer", Expiry: token.ExpireTime}, nil
}
