package v1alpha1

// LogLevel is the least level that is logged.
//
// +kubebuilder:validation:Enum=debug;info;warn;error
type LogLevel string

// The log levels.
const (
	LogDebug LogLevel = "debug"
	LogInfo  LogLevel = "info"
	LogWarn  LogLevel = "warn"
	LogError LogLevel = "error"
)

// NetworkPolicySpec restricts the access to the pods inside the Kubernetes cluster.
//
// Further NetworkPolicies may open more: they add up.
type NetworkPolicySpec struct {
	// Enabled makes the operator write NetworkPolicies for the servers and the managed
	// Redis. They hold for incoming connections only. Whether they have an effect depends
	// on the network plugin; a cluster that was made when the default was false keeps that.
	//
	// +optional
	// +kubebuilder:default=true
	Enabled *bool `json:"enabled,omitempty"`

	// ClientsFrom may reach the client port, the ingress controller for one. Left out: all.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	ClientsFrom []NetworkPeer `json:"clientsFrom,omitempty"`

	// APIFrom may reach the HTTP API. Left out: all, since every call brings the token;
	// `[{podSelector: {}}]` keeps it to the pods of the namespace.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	APIFrom []NetworkPeer `json:"apiFrom,omitempty"`

	// MetricsFrom may reach the admin port, besides the operator, and scrape the metrics.
	// Left out: the pods of any namespace whose label `app.kubernetes.io/name` is one of
	// `prometheus`, `vmagent`, `alloy`, `grafana-agent` and `opentelemetry-collector`.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	MetricsFrom []NetworkPeer `json:"metricsFrom,omitempty"`
}

// NetworkPeer is a set of pods or addresses, as in a NetworkPolicy.
//
// +kubebuilder:validation:XValidation:rule=`has(self.ipBlock) != (has(self.podSelector) || has(self.namespaceSelector))`,message="set either ipBlock or selectors (podSelector, namespaceSelector or both)"
type NetworkPeer struct {
	// PodSelector picks pods; of this namespace when namespaceSelector is left out.
	//
	// +optional
	PodSelector *LabelSelector `json:"podSelector,omitempty"`

	// NamespaceSelector picks namespaces.
	//
	// +optional
	NamespaceSelector *LabelSelector `json:"namespaceSelector,omitempty"`

	// IPBlock is a range of addresses.
	//
	// +optional
	IPBlock *IPBlock `json:"ipBlock,omitempty"`
}

// IPBlock is a range of addresses with holes.
type IPBlock struct {
	// CIDR is the range, such as 10.0.0.0/8.
	//
	// +required
	// +kubebuilder:validation:MaxLength=43
	// +kubebuilder:validation:XValidation:rule=`isCIDR(self)`,message="must be an address range such as 10.0.0.0/8"
	CIDR string `json:"cidr"`

	// Except are ranges inside it that are left out.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=43
	// +kubebuilder:validation:items:XValidation:rule=`isCIDR(self)`,message="must be an address range such as 10.1.0.0/16"
	Except []string `json:"except,omitempty"`
}

// WebhooksSpec says which addresses the webhooks of policies, queues and of this cluster
// may reach besides public ones. Who writes a policy names a URL, and the servers, which
// are inside the network, call it; so a private address must be that of a Service. A
// server judges the address when it connects, so that DNS cannot lead it elsewhere.
type WebhooksSpec struct {
	// AllowCIDRs are ranges that may be reached by any name, such as 10.1.0.0/16. Left
	// out: none, and neither loopback and link-local addresses nor a cloud's metadata.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=43
	// +kubebuilder:validation:items:XValidation:rule=`isCIDR(self)`,message="must be an address range such as 10.1.0.0/16"
	AllowCIDRs []string `json:"allowCIDRs,omitempty"`

	// ServiceNamespaces are the namespaces whose Services may be reached at private addresses, by
	// their names: `<name>`, `<name>.<namespace>` or `<name>.<namespace>.svc`. Left out: all.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:XValidation:rule=`self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')`,message="must be the name of a namespace"
	ServiceNamespaces []string `json:"serviceNamespaces,omitempty"`
}

// ObservabilitySpec are metrics, traces, logs and the playground.
type ObservabilitySpec struct {
	// PodMonitor makes the Prometheus operator scrape the pods.
	//
	// +optional
	// +kubebuilder:default={}
	PodMonitor PodMonitorSpec `json:"podMonitor,omitzero"`

	// Dashboards are ConfigMaps that Grafana's sidecar loads.
	//
	// +optional
	// +kubebuilder:default={}
	Dashboards DashboardsSpec `json:"dashboards,omitzero"`

	// Tracing sends spans over OTLP. Left out: none.
	//
	// +optional
	Tracing *TracingSpec `json:"tracing,omitempty"`

	// LogLevel is debug, info, warn or error.
	//
	// +optional
	// +kubebuilder:default=info
	LogLevel LogLevel `json:"logLevel,omitempty"`

	// Playground serves a page to try the events out, under /playground/ of the client
	// port. It holds no secrets; its user brings a token. Exposures carry only
	// the engine's path: reach it with kubectl port-forward.
	//
	// +optional
	// +kubebuilder:default=false
	Playground bool `json:"playground,omitempty"`
}

// PodMonitorSpec is a PodMonitor of the Prometheus operator.
type PodMonitorSpec struct {
	// Enabled makes the operator write a PodMonitor, when that kind is installed.
	//
	// +optional
	// +kubebuilder:default=false
	Enabled bool `json:"enabled,omitempty"`

	// Labels by which a Prometheus picks its PodMonitors.
	//
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	Labels map[string]string `json:"labels,omitempty"`

	// Interval between two scrapes.
	//
	// +optional
	// +kubebuilder:default="30s"
	Interval Duration `json:"interval,omitzero"`
}

// DashboardsSpec are Grafana dashboards.
type DashboardsSpec struct {
	// Enabled makes the operator write the ConfigMaps.
	//
	// +optional
	// +kubebuilder:default=false
	Enabled bool `json:"enabled,omitempty"`

	// Labels by which Grafana's sidecar picks its ConfigMaps.
	//
	// +optional
	// +kubebuilder:default={grafana_dashboard: "1"}
	// +kubebuilder:validation:MaxProperties=32
	Labels map[string]string `json:"labels,omitempty"`
}

// TracingSpec sends spans over OTLP.
type TracingSpec struct {
	// Endpoint is the collector's OTLP/gRPC URL, such as http://otel-collector.observability.svc:4317.
	//
	// +required
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule=`isURL(self) && url(self).getHostname().size() > 0 && url(self).getScheme() in ['http', 'https']`,message="must be an http or https URL, such as http://otel-collector.observability.svc:4317"
	Endpoint string `json:"endpoint"`

	// Ratio of the connections that are traced, from 0 to 1; a fraction in quotes.
	//
	// +optional
	// +kubebuilder:default="0.01"
	// +kubebuilder:validation:XValidation:rule=`double(self) >= 0.0 && double(self) <= 1.0`,message="must be from 0 to 1, such as \"0.1\""
	Ratio Decimal `json:"ratio,omitempty"`
}
