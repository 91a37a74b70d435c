package v1alpha1

// ExposureType is the kind of way in from outside.
//
// +kubebuilder:validation:Enum=None;Ingress;Gateway
type ExposureType string

// The exposure types.
const (
	// ExposureNone: a Service inside the Kubernetes cluster only.
	ExposureNone ExposureType = "None"
	// ExposureIngress: an Ingress, with what its controller needs for affinity.
	ExposureIngress ExposureType = "Ingress"
	// ExposureGateway: an HTTPRoute on existing Gateways.
	ExposureGateway ExposureType = "Gateway"
)

// AffinityType is how a polling client finds its pod again.
//
// +kubebuilder:validation:Enum=Cookie;None
type AffinityType string

// The affinity types.
const (
	AffinityCookie AffinityType = "Cookie"
	AffinityNone   AffinityType = "None"
)

// SameSite is the SameSite attribute of a cookie.
//
// +kubebuilder:validation:Enum=Strict;Lax;None
type SameSite string

// The SameSite values.
const (
	SameSiteStrict SameSite = "Strict"
	SameSiteLax    SameSite = "Lax"
	SameSiteNone   SameSite = "None"
)

// IngressController is the software behind an Ingress.
//
// +kubebuilder:validation:Enum=Traefik;HAProxyTech;HAProxyIngress;NGINX;IngressNGINX;AWSLoadBalancer;Contour;Custom
type IngressController string

// The ingress controllers.
const (
	IngressTraefik         IngressController = "Traefik"
	IngressHAProxyTech     IngressController = "HAProxyTech"
	IngressHAProxyIngress  IngressController = "HAProxyIngress"
	IngressF5NGINX         IngressController = "NGINX"
	IngressNGINXCommunity  IngressController = "IngressNGINX"
	IngressAWSLoadBalancer IngressController = "AWSLoadBalancer"
	IngressContour         IngressController = "Contour"
	// IngressCustom: neutral objects and the user's annotations only.
	IngressCustom IngressController = "Custom"
)

// GatewayImplementation is the software behind a Gateway.
//
// +kubebuilder:validation:Enum=Standard;EnvoyGateway;Istio;Traefik;Cilium;GKE
type GatewayImplementation string

// The gateway implementations.
const (
	// GatewayStandard: only the standard channel of the Gateway API.
	GatewayStandard     GatewayImplementation = "Standard"
	GatewayEnvoyGateway GatewayImplementation = "EnvoyGateway"
	GatewayIstio        GatewayImplementation = "Istio"
	GatewayTraefik      GatewayImplementation = "Traefik"
	GatewayCilium       GatewayImplementation = "Cilium"
	GatewayGKE          GatewayImplementation = "GKE"
)

// SessionPersistence is how cookie affinity is written for a Gateway.
//
// +kubebuilder:validation:Enum=Auto;RouteInline;Policy;None
type SessionPersistence string

// The ways to write session persistence.
const (
	// PersistenceAuto: the best the implementation has.
	PersistenceAuto SessionPersistence = "Auto"
	// PersistenceRouteInline: sessionPersistence in the HTTPRoute (experimental channel).
	PersistenceRouteInline SessionPersistence = "RouteInline"
	// PersistencePolicy: the implementation's own policy object.
	PersistencePolicy SessionPersistence = "Policy"
	// PersistenceNone: pods forward polling requests to each other.
	PersistenceNone SessionPersistence = "None"
)

// ExposureSpec is the way in from outside.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.type) || self.type != 'Ingress' || (has(self.hosts) && self.hosts.size() > 0)`,message="type Ingress needs hosts: list at least one host name",fieldPath=".hosts",reason=FieldValueRequired
// +kubebuilder:validation:XValidation:rule=`!has(self.type) || self.type != 'Gateway' || (has(self.gateway) && has(self.gateway.parentRefs) && self.gateway.parentRefs.size() > 0)`,message="type Gateway needs gateway.parentRefs: name the Gateway that the route is for",fieldPath=".gateway.parentRefs",reason=FieldValueRequired
type ExposureSpec struct {
	// Type is None (inside the Kubernetes cluster only), Ingress or Gateway.
	//
	// +optional
	// +kubebuilder:default=None
	Type ExposureType `json:"type,omitempty"`

	// Hosts are the names clients connect to, such as rt.example.com or
	// *.rt.example.com. Gateway may leave them out to take its listener's.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:XValidation:rule=`self.matches('^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')`,message="must be a host name in lower case without scheme and port, such as rt.example.com or *.example.com"
	Hosts []string `json:"hosts,omitempty"`

	// TLS of an Ingress. A Gateway has it on its listener. Left out: plain HTTP.
	//
	// +optional
	TLS *ExposureTLS `json:"tls,omitempty"`

	// Affinity keeps the polling requests of one client on one pod.
	//
	// +optional
	// +kubebuilder:default={}
	Affinity AffinitySpec `json:"affinity,omitzero"`

	// IdleTimeout is how long a proxy keeps a silent connection, where the
	// controller lets it be set. Must exceed engine.pingInterval + engine.pingTimeout.
	//
	// +optional
	// +kubebuilder:default="1h"
	IdleTimeout Duration `json:"idleTimeout,omitzero"`

	// Ingress is for type Ingress.
	//
	// +optional
	// +kubebuilder:default={}
	Ingress IngressSpec `json:"ingress,omitzero"`

	// Gateway is for type Gateway.
	//
	// +optional
	// +kubebuilder:default={}
	Gateway GatewaySpec `json:"gateway,omitzero"`
}

// ExposureTLS is the certificate of an Ingress.
type ExposureTLS struct {
	// SecretName is a Secret of type kubernetes.io/tls.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	SecretName string `json:"secretName"`
}

// AffinitySpec is how a polling client finds its pod again. It saves hops; without
// it the pods forward requests to each other.
//
// +kubebuilder:validation:XValidation:rule=`!has(self.sameSite) || self.sameSite != 'None' || (has(self.secure) && self.secure)`,message="browsers drop a cookie with sameSite None that is not secure: set secure: true",fieldPath=".secure"
type AffinitySpec struct {
	// Type is Cookie or None.
	//
	// +optional
	// +kubebuilder:default=Cookie
	Type AffinityType `json:"type,omitempty"`

	// CookieName of the affinity cookie.
	//
	// +optional
	// +kubebuilder:default=anteroom
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule=`self.matches('^[A-Za-z0-9_-]+$')`,message="may hold letters, digits, '_' and '-'"
	CookieName string `json:"cookieName,omitempty"`

	// TTL of the cookie. Left out: as long as the browser runs.
	//
	// +optional
	TTL *Duration `json:"ttl,omitempty"`

	// Secure sends the cookie over HTTPS only. Left out: true when tls is set.
	//
	// +optional
	Secure *bool `json:"secure,omitempty"`

	// SameSite is Strict, Lax or None. Left out: the controller's default. None, with
	// secure, is for pages on another site.
	//
	// +optional
	SameSite SameSite `json:"sameSite,omitempty"`
}

// IngressSpec is how an Ingress is written.
type IngressSpec struct {
	// ClassName is the IngressClass. Left out: the default class.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=253
	ClassName string `json:"className,omitempty"`

	// Controller decides which annotations are written for affinity and timeouts.
	// It is never guessed: Custom writes none but yours.
	//
	// +optional
	// +kubebuilder:default=Custom
	Controller IngressController `json:"controller,omitempty"`

	// Annotations of the Ingress; they take precedence over the operator's.
	//
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	Annotations map[string]string `json:"annotations,omitempty"`

	// ServiceAnnotations of the Service behind it; they win too.
	//
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	ServiceAnnotations map[string]string `json:"serviceAnnotations,omitempty"`
}

// GatewaySpec is how an HTTPRoute is written.
type GatewaySpec struct {
	// ParentRefs are the Gateways (or their listeners) that the route is for.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	ParentRefs []ParentReference `json:"parentRefs,omitempty"`

	// Implementation selects the policy objects that the operator writes with the route.
	//
	// +optional
	// +kubebuilder:default=Standard
	Implementation GatewayImplementation `json:"implementation,omitempty"`

	// SessionPersistence is how cookie affinity is written.
	//
	// +optional
	// +kubebuilder:default=Auto
	SessionPersistence SessionPersistence `json:"sessionPersistence,omitempty"`
}

// ParentReference names a Gateway, as in an HTTPRoute.
type ParentReference struct {
	// Group of the parent. Left out: gateway.networking.k8s.io.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Group string `json:"group,omitempty"`

	// Kind of the parent. Left out: Gateway.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Kind string `json:"kind,omitempty"`

	// Namespace of the parent. Left out: this namespace.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`

	// Name of the parent.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// SectionName is one listener of the Gateway. Left out: all.
	//
	// +optional
	// +kubebuilder:validation:MaxLength=253
	SectionName string `json:"sectionName,omitempty"`

	// Port is one port of the Gateway. Left out: all.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port *int32 `json:"port,omitempty"`
}
