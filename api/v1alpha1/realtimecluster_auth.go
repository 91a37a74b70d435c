package v1alpha1

// AuthMode decides who may connect.
//
// +kubebuilder:validation:Enum=JWT;Anonymous
type AuthMode string

// The auth modes.
const (
	// AuthJWT: a client shows a signed token.
	AuthJWT AuthMode = "JWT"
	// AuthAnonymous: anyone may connect and is given a user id.
	AuthAnonymous AuthMode = "Anonymous"
)

// Algorithm signs tokens.
//
// +kubebuilder:validation:Enum=RS256;RS384;RS512;PS256;PS384;PS512;ES256;ES384;ES512;EdDSA;HS256
type Algorithm string

// The algorithms that are on by default, and the one of shared secrets.
const (
	AlgorithmRS256 Algorithm = "RS256"
	AlgorithmES256 Algorithm = "ES256"
	AlgorithmHS256 Algorithm = "HS256"
)

// AuthSpec decides who may connect.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.mode) || self.mode != 'Anonymous' || !has(self.providers) || self.providers.size() == 0`,message="mode Anonymous checks no tokens: remove the providers or set mode: JWT",fieldPath=".providers"
type AuthSpec struct {
	// Mode is JWT or Anonymous.
	//
	// +optional
	// +kubebuilder:default=JWT
	Mode AuthMode `json:"mode,omitempty"`

	// Providers are the issuers whose tokens are good. With mode JWT and none, the
	// operator makes an HS256 key in the Secret `<cluster>-auth`, so that nobody gets
	// in without a token and tokens can be made at once.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Providers []AuthProvider `json:"providers,omitempty"`

	// Expiry is the action on a live connection whose token expires.
	//
	// +optional
	// +kubebuilder:default={}
	Expiry AuthExpiry `json:"expiry,omitzero"`
}

// AuthProvider is an issuer of tokens with exactly one source of keys.
//
// +kubebuilder:validation:XValidation:rule=`[has(self.jwksURL), has(self.keysSecretRef), has(self.sharedSecretRef)].exists_one(set, set)`,message="a provider needs exactly one of jwksURL, keysSecretRef and sharedSecretRef: keep one"
// +kubebuilder:validation:XValidation:rule=`has(self.sharedSecretRef) || !self.algorithms.exists(a, a == 'HS256')`,message="HS256 needs sharedSecretRef: remove it from algorithms or give the shared secret",fieldPath=".algorithms"
type AuthProvider struct {
	// Name of the provider, for logs and metrics.
	//
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')`,message="must be a-z, 0-9 and '-', such as accounts"
	Name string `json:"name"`

	// Issuer must equal a token's `iss`. Left out: `iss` is not checked.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Issuer string `json:"issuer,omitempty"`

	// Audiences: a token's `aud` must hold one of them. Left out: `aud` is not checked.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=512
	Audiences []string `json:"audiences,omitempty"`

	// Algorithms that a token may be signed with. A shared secret always means HS256,
	// whatever is listed.
	//
	// +optional
	// +listType=set
	// +kubebuilder:default={RS256, ES256}
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=11
	Algorithms []Algorithm `json:"algorithms,omitempty"`

	// JWKSURL serves the issuer's public keys as a JWK set. https, or http for names
	// inside the Kubernetes cluster (….svc, ….svc.cluster.local).
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule=`isURL(self) && url(self).getHostname().size() > 0 && (url(self).getScheme() == 'https' || url(self).getScheme() == 'http' && (url(self).getHostname().endsWith('.svc') || url(self).getHostname().endsWith('.svc.cluster.local')))`,message="must be an https URL; http is only for names inside the Kubernetes cluster, such as http://accounts.default.svc/jwks.json"
	JWKSURL string `json:"jwksURL,omitempty"`

	// KeysSecretRef is a Secret's key with a JWK set of public keys.
	//
	// +optional
	KeysSecretRef *KeyReference `json:"keysSecretRef,omitempty"`

	// SharedSecretRef is a Secret's key with an HS256 secret of at least 32 bytes.
	//
	// +optional
	SharedSecretRef *KeyReference `json:"sharedSecretRef,omitempty"`

	// Claims name the claims that are read from a token.
	//
	// +optional
	// +kubebuilder:default={}
	Claims AuthClaims `json:"claims,omitzero"`
}

// AuthClaims name the claims that are read from a token.
type AuthClaims struct {
	// User is the claim with the user's id, which must be there.
	//
	// +optional
	// +kubebuilder:default=sub
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	User string `json:"user,omitempty"`

	// Name is the claim with the name other users see.
	//
	// +optional
	// +kubebuilder:default=name
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Name string `json:"name,omitempty"`

	// Scopes is the claim with the user's scopes: a list, or words with spaces between.
	//
	// +optional
	// +kubebuilder:default=scope
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Scopes string `json:"scopes,omitempty"`
}

// AuthExpiry is the action on a live connection whose token expires.
type AuthExpiry struct {
	// WarnBefore is how long before its end a client is asked to refresh the token.
	//
	// +optional
	// +kubebuilder:default="60s"
	WarnBefore Duration `json:"warnBefore,omitzero"`

	// Grace is how long after its end the connection is kept.
	//
	// +optional
	// +kubebuilder:default="30s"
	Grace Duration `json:"grace,omitzero"`
}
