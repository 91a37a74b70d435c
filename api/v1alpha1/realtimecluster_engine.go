package v1alpha1

import "k8s.io/apimachinery/pkg/api/resource"

// Transport is an Engine.IO transport.
//
// +kubebuilder:validation:Enum=websocket;polling
type Transport string

// The transports.
const (
	TransportWebSocket Transport = "websocket"
	TransportPolling   Transport = "polling"
)

// EngineSpec is the transport layer: Engine.IO v4 below, Socket.IO v5 above.
type EngineSpec struct {
	// Path under which clients connect; begins and ends with a slash.
	//
	// +optional
	// +kubebuilder:default="/socket.io/"
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule=`self.matches('^/([A-Za-z0-9._~-]+/)*$')`,message="must begin and end with '/', with letters, digits, '.', '_', '~' or '-' between, such as /socket.io/"
	Path string `json:"path,omitempty"`

	// Transports that clients may use. Without polling no cookie affinity is needed.
	//
	// +optional
	// +listType=set
	// +kubebuilder:default={websocket, polling}
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=2
	Transports []Transport `json:"transports,omitempty"`

	// PingInterval is the time between two pings of the server.
	//
	// +optional
	// +kubebuilder:default="20s"
	PingInterval Duration `json:"pingInterval,omitzero"`

	// PingTimeout is how long the server waits for the answer before it closes the
	// connection. A dead client is noticed after pingInterval + pingTimeout at the latest.
	//
	// +optional
	// +kubebuilder:default="25s"
	PingTimeout Duration `json:"pingTimeout,omitzero"`

	// MaxPayload is the largest message a client may send, from 1Ki to 16Mi.
	//
	// +optional
	// +kubebuilder:default="64Ki"
	// +kubebuilder:validation:XValidation:rule=`quantity(string(self)).compareTo(quantity('1Ki')) >= 0 && quantity(string(self)).compareTo(quantity('16Mi')) <= 0`,message="must be from 1Ki to 16Mi"
	MaxPayload resource.Quantity `json:"maxPayload,omitzero"`

	// UpgradeTimeout is how long the step from polling to WebSocket may take.
	//
	// +optional
	// +kubebuilder:default="10s"
	UpgradeTimeout Duration `json:"upgradeTimeout,omitzero"`

	// ConnectTimeout is how long a transport may stay open without a Socket.IO
	// CONNECT; an idle stranger is closed after it.
	//
	// +optional
	// +kubebuilder:default="10s"
	ConnectTimeout Duration `json:"connectTimeout,omitzero"`

	// AllowedOrigins are the web origins whose pages may connect, such as
	// https://game.example.com, or "*" for any. Empty: only pages from the same host.
	// Compared by host and port, with ws like http and wss like https. A client without
	// an Origin header is let in; some native clients send one, with the server's own host.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=270
	// +kubebuilder:validation:items:XValidation:rule=`self == '*' || self.matches('^https?://[^/?#@*]+$')`,message="must be '*' or scheme://host[:port] without a path, such as https://game.example.com"
	AllowedOrigins []string `json:"allowedOrigins,omitempty"`
}
