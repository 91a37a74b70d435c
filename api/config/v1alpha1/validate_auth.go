package v1alpha1

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// maxProviders is the most providers that auth may have.
const maxProviders = 16

// asymmetric are the algorithms that keys from a JWK set may be used with.
var asymmetric = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

// symmetric are the algorithms that a shared secret may be used with.
var symmetric = []string{"HS256"}

func (a Auth) validate(at *field.Path) field.ErrorList {
	problems := oneOf(at.Child("mode"), a.Mode, AuthJWT, AuthAnonymous)
	problems = append(problems, notNegative(at.Child("expiry", "warnBefore"), a.Expiry.WarnBefore)...)
	problems = append(problems, notNegative(at.Child("expiry", "grace"), a.Expiry.Grace)...)

	providers := at.Child("providers")
	if a.Mode == AuthJWT && len(a.Providers) == 0 {
		problems = append(problems, field.Required(providers, "mode JWT needs at least one"))
	}
	if len(a.Providers) > maxProviders {
		problems = append(problems, field.TooMany(providers, len(a.Providers), maxProviders))
	}
	names := map[string]bool{}
	for i, p := range a.Providers {
		if names[p.Name] && p.Name != "" {
			problems = append(problems, field.Duplicate(providers.Index(i).Child("name"), p.Name))
		}
		names[p.Name] = true
		problems = append(problems, p.validate(providers.Index(i))...)
	}
	return problems
}

func (p AuthProvider) validate(at *field.Path) field.ErrorList {
	var problems field.ErrorList
	if p.Name == "" {
		problems = append(problems, field.Required(at.Child("name"), "logs and metrics call the provider by it"))
	}
	problems = append(problems, p.validateSource(at)...)
	problems = append(problems, p.validateAlgorithms(at.Child("algorithms"))...)
	for i, audience := range p.Audiences {
		if audience == "" {
			problems = append(problems, field.Required(at.Child("audiences").Index(i), "an audience is not empty"))
		}
	}
	return append(problems, p.Claims.validate(at.Child("claims"))...)
}

// validateSource checks that exactly one source of keys is set.
func (p AuthProvider) validateSource(at *field.Path) field.ErrorList {
	sources := 0
	for _, s := range []string{p.JWKSURL, p.KeysFile, p.SharedSecretFile} {
		if s != "" {
			sources++
		}
	}
	var problems field.ErrorList
	switch {
	case sources == 0:
		problems = append(problems, field.Required(at, "needs one of jwksURL, keysFile and sharedSecretFile"))
	case sources > 1:
		problems = append(problems, field.Forbidden(at, "may have only one of jwksURL, keysFile and sharedSecretFile"))
	}
	if p.JWKSURL != "" {
		problems = append(problems, validateJWKSURL(at.Child("jwksURL"), p.JWKSURL)...)
	}
	return problems
}

func (p AuthProvider) validateAlgorithms(at *field.Path) field.ErrorList {
	if len(p.Algorithms) == 0 {
		return field.ErrorList{field.Required(at, "name at least one, as in RS256")}
	}
	if p.SharedSecretFile == "" {
		return each(at, p.Algorithms, asymmetric...)
	}
	return each(at, p.Algorithms, symmetric...)
}

func (c AuthClaims) validate(at *field.Path) field.ErrorList {
	var problems field.ErrorList
	if c.User == "" {
		problems = append(problems, field.Required(at.Child("user"), "the claim that holds the user's id, as in sub"))
	}
	if c.Name == "" {
		problems = append(problems, field.Required(at.Child("name"), "the claim that holds the user's name"))
	}
	if c.Scopes == "" {
		problems = append(problems, field.Required(at.Child("scopes"), "the claim that holds the scopes"))
	}
	return problems
}

// validateJWKSURL never repeats the URL, because it may contain a password.
func validateJWKSURL(at *field.Path, text string) field.ErrorList {
	refuse := func(detail string) field.ErrorList {
		return field.ErrorList{field.Invalid(at, field.OmitValueType{}, detail)}
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Fragment != "":
		return refuse("must be a URL such as https://issuer.example/jwks.json")
	case u.User != nil:
		return refuse("must not carry a user or password")
	case u.Scheme == "https", u.Scheme == "http" && local(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return refuse("must be https; http is only for loopback and names inside the cluster (.svc, .cluster.local)")
	}
	return refuse("must be https")
}

// local reports whether a host is this machine or a name inside the cluster.
func local(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback()
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	inside := func(suffix string) bool { return strings.HasSuffix(host, suffix) }
	return host == "localhost" || slices.ContainsFunc([]string{".svc", ".cluster.local", ".localhost"}, inside)
}
