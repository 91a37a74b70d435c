package desired

import (
	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
)

// auth returns the providers whose tokens are valid. Mode JWT without a provider accepts tokens
// signed with the generated key.
func auth(a v1alpha1.AuthSpec) configv1.Auth {
	out := configv1.Auth{
		Mode: configv1.AuthMode(a.Mode),
		Expiry: configv1.AuthExpiry{
			WarnBefore: duration(a.Expiry.WarnBefore),
			Grace:      duration(a.Expiry.Grace),
		},
	}
	if a.Mode != v1alpha1.AuthJWT {
		return out
	}
	for _, p := range a.Providers {
		out.Providers = append(out.Providers, provider(p))
	}
	if len(out.Providers) == 0 {
		out.Providers = []configv1.AuthProvider{generatedProvider()}
	}
	return out
}

// generatedProvider reads the default claims of a provider.
func generatedProvider() configv1.AuthProvider {
	return configv1.AuthProvider{
		Name:             ProviderGenerated,
		Algorithms:       []string{string(v1alpha1.AlgorithmHS256)},
		SharedSecretFile: FileShared(ProviderGenerated),
		Claims:           configv1.AuthClaims{User: "sub", Name: "name", Scopes: "scope"},
	}
}

func provider(p v1alpha1.AuthProvider) configv1.AuthProvider {
	out := configv1.AuthProvider{
		Name:      p.Name,
		Issuer:    p.Issuer,
		Audiences: p.Audiences,
		JWKSURL:   p.JWKSURL,
		Claims:    configv1.AuthClaims{User: p.Claims.User, Name: p.Claims.Name, Scopes: p.Claims.Scopes},
	}
	for _, a := range p.Algorithms {
		out.Algorithms = append(out.Algorithms, string(a))
	}
	switch {
	case p.KeysSecretRef != nil:
		out.KeysFile = FileJWKS(p.Name)
	case p.SharedSecretRef != nil:
		out.SharedSecretFile = FileShared(p.Name)
		// a shared secret means HS256, whatever the list has
		out.Algorithms = []string{string(v1alpha1.AlgorithmHS256)}
	}
	return out
}
