package v1alpha1_test

import "fmt"

// clusterRuntimeRules are the rules of what a RealtimeCluster's servers do: transports,
// limits, features, scaling and what surrounds them.
var clusterRuntimeRules = []rule{
	{
		name:   "engine.path begins and ends with a slash",
		accept: []string{"spec: {engine: {path: /}}", "spec: {engine: {path: /rt/v1/}}"},
		reject: []string{"spec: {engine: {path: /rt}}", "spec: {engine: {path: rt/}}", "spec: {engine: {path: '/a b/'}}", "spec: {engine: {path: //}}"},
		text:   "must begin and end with '/', with letters, digits, '.', '_', '~' or '-' between, such as /socket.io/",
		field:  "spec.engine.path",
	},
	{
		name:   "engine.transports are known, each once",
		accept: []string{"spec: {engine: {transports: [websocket]}}"},
		reject: []string{"spec: {engine: {transports: [polling, polling]}}"},
		text:   "Duplicate value",
		field:  "spec.engine.transports[1]",
	},
	{
		name:   "engine.maxPayload from 1Ki to 16Mi",
		accept: []string{"spec: {engine: {maxPayload: 1Ki}}", "spec: {engine: {maxPayload: 16Mi}, limits: {perConnection: {outboundBytes: 16Mi}}}", "spec: {engine: {maxPayload: 2000}}"},
		reject: []string{"spec: {engine: {maxPayload: 1023}}", "spec: {engine: {maxPayload: 17Mi}}", "spec: {engine: {maxPayload: -1}}"},
		text:   "must be from 1Ki to 16Mi",
		field:  "spec.engine.maxPayload",
	},
	{
		name:   "engine.allowedOrigins are origins",
		accept: []string{"spec: {engine: {allowedOrigins: ['*']}}", "spec: {engine: {allowedOrigins: ['https://game.example.com', 'http://localhost:3000']}}"},
		reject: []string{"spec: {engine: {allowedOrigins: [game.example.com]}}", "spec: {engine: {allowedOrigins: ['https://game.example.com/']}}", "spec: {engine: {allowedOrigins: ['https://*.example.com']}}"},
		text:   "must be '*' or scheme://host[:port] without a path, such as https://game.example.com",
		field:  "spec.engine.allowedOrigins[0]",
	},
	{
		name:   "scaling.min ≤ max",
		accept: []string{"spec: {scaling: {min: 3, max: 3}}", "spec: {scaling: {min: 3}}"},
		reject: []string{"spec: {scaling: {min: 4, max: 3}}"},
		text:   "min must not exceed max: lower min or raise max",
		field:  "spec.scaling.min",
	},
	{
		name:   "scaling.hpa is for mode External",
		accept: []string{"spec: {scaling: {mode: External, max: 3, hpa: {targetCPUUtilization: 70}}}", "spec: {scaling: {mode: External, min: 2, max: 3, hpa: {targetMemoryUtilization: 80, targetCPUUtilization: 70}}}"},
		reject: []string{"spec: {scaling: {max: 3, hpa: {targetCPUUtilization: 70}}}", "spec: {scaling: {mode: Connections, max: 3, hpa: {targetCPUUtilization: 70}}}"},
		text:   "hpa is for mode External, in which an autoscaler decides: remove it or set mode: External",
		field:  "spec.scaling.hpa",
	},
	{
		name:   "scaling.hpa needs max",
		accept: []string{"spec: {scaling: {mode: External, max: 1, hpa: {targetCPUUtilization: 1000}}}"},
		reject: []string{"spec: {scaling: {mode: External, min: 1, hpa: {targetCPUUtilization: 70}}}"},
		text:   "hpa needs max: the largest number of pods",
		field:  "spec.scaling.max",
	},
	{
		name:   "scaling.hpa needs a target",
		accept: []string{"spec: {scaling: {mode: External, max: 2, hpa: {targetMemoryUtilization: 1}}}"},
		reject: []string{"spec: {scaling: {mode: External, max: 2, hpa: {}}}"},
		text:   "hpa needs targetCPUUtilization, targetMemoryUtilization or both",
		field:  "spec.scaling.hpa.targetCPUUtilization",
	},
	{
		name:   "scaling mode Connections needs max",
		accept: []string{"spec: {scaling: {mode: Connections, max: 3}}", "spec: {scaling: {mode: External}}"},
		reject: []string{"spec: {scaling: {mode: Connections, min: 1}}"},
		text:   "mode Connections needs max: the largest number of pods",
		field:  "spec.scaling.max",
	},
	{
		name:   "targetConnectionsPerPod ≤ connectionsPerPod",
		accept: []string{"spec: {scaling: {targetConnectionsPerPod: 10000}}", "spec: {scaling: {targetConnectionsPerPod: 20000}, limits: {connectionsPerPod: 20000}}"},
		reject: []string{"spec: {scaling: {targetConnectionsPerPod: 10001}}", "spec: {scaling: {targetConnectionsPerPod: 500}, limits: {connectionsPerPod: 499}}"},
		text:   "scaling.targetConnectionsPerPod must not exceed limits.connectionsPerPod, or pods refuse clients before the cluster grows: lower the target or raise the limit",
		field:  "spec.scaling.targetConnectionsPerPod",
	},
	{
		name:   "redisEmitter needs an external Redis",
		accept: []string{"spec: {api: {redisEmitter: true}, redis: {mode: External, external: {addresses: ['redis:6379']}}}", "spec: {api: {redisEmitter: false}}"},
		reject: []string{"spec: {api: {redisEmitter: true}}", "spec: {api: {redisEmitter: true}, redis: {mode: Managed}}"},
		text:   "api.redisEmitter needs redis.mode External: nobody but the servers can log in to a managed Redis",
		field:  "spec.api.redisEmitter",
	},
	{
		name:   "burst ≥ eventsPerSecond",
		accept: []string{"spec: {limits: {perConnection: {eventsPerSecond: 40}}}"},
		reject: []string{"spec: {limits: {perConnection: {eventsPerSecond: 41}}}", "spec: {limits: {perConnection: {burst: 19}}}"},
		text:   "burst must not be below eventsPerSecond: raise burst or lower eventsPerSecond",
		field:  "spec.limits.perConnection.burst",
	},
	{
		name:   "outboundBytes from 1Ki to 1Gi",
		accept: []string{"spec: {limits: {perConnection: {outboundBytes: 1Gi}}}"},
		reject: []string{"spec: {limits: {perConnection: {outboundBytes: 2Gi}}}", "spec: {limits: {perConnection: {outboundBytes: 100}}}"},
		text:   "must be from 1Ki to 1Gi",
		field:  "spec.limits.perConnection.outboundBytes",
	},
	{
		name:   "outboundBytes ≥ maxPayload",
		accept: []string{"spec: {limits: {perConnection: {outboundBytes: 65536}}}"},
		reject: []string{"spec: {limits: {perConnection: {outboundBytes: 65535}}}", "spec: {engine: {maxPayload: 2Mi}}"},
		text:   "limits.perConnection.outboundBytes must hold at least one message of engine.maxPayload: raise outboundBytes or lower maxPayload",
		field:  "spec.limits.perConnection.outboundBytes",
	},
	{
		name:   "leaseTTL ≥ 2 × leaseInterval",
		accept: []string{"spec: {features: {presence: {leaseInterval: 7500ms}}}", "spec: {features: {presence: {leaseTTL: 10s}}}"},
		reject: []string{"spec: {features: {presence: {leaseInterval: 8s}}}", "spec: {features: {presence: {leaseTTL: 9s}}}"},
		text:   "leaseTTL must be at least twice leaseInterval, so that one lost renewal does no harm: raise leaseTTL or lower leaseInterval",
		field:  "spec.features.presence.leaseTTL",
	},
	{
		name:   "offlineWebhook.url is https, or http inside the Kubernetes cluster",
		accept: []string{"spec: {features: {notifications: {offlineWebhook: {url: 'https://push.example.com/'}}}}", "spec: {features: {notifications: {offlineWebhook: {url: 'http://push.default.svc/'}}}}"},
		reject: []string{"spec: {features: {notifications: {offlineWebhook: {url: 'http://push.example.com/'}}}}", "spec: {features: {notifications: {offlineWebhook: {url: push}}}}"},
		text:   "must be an https URL; http is only for names inside the Kubernetes cluster, such as http://push.default.svc/notify",
		field:  "spec.features.notifications.offlineWebhook.url",
	},
	{
		name:   "tracing.endpoint is a URL",
		accept: []string{"spec: {observability: {tracing: {endpoint: 'http://otel.observability.svc:4317'}}}"},
		reject: []string{"spec: {observability: {tracing: {endpoint: 'otel:4317'}}}", "spec: {observability: {tracing: {endpoint: 'grpc://otel:4317'}}}"},
		text:   "must be an http or https URL, such as http://otel-collector.observability.svc:4317",
		field:  "spec.observability.tracing.endpoint",
	},
	{
		name:   "tracing.ratio is from 0 to 1",
		accept: []string{"spec: {observability: {tracing: {endpoint: 'http://otel:4317', ratio: '0.5'}}}", "spec: {observability: {tracing: {endpoint: 'http://otel:4317', ratio: 0}}}", "spec: {observability: {tracing: {endpoint: 'http://otel:4317', ratio: 1}}}"},
		reject: []string{"spec: {observability: {tracing: {endpoint: 'http://otel:4317', ratio: '1.01'}}}", "spec: {observability: {tracing: {endpoint: 'http://otel:4317', ratio: -1}}}"},
		text:   "must be from 0 to 1, such as \"0.1\"",
		field:  "spec.observability.tracing.ratio",
	},
}

// webhookRules are those of spec.webhooks.
var webhookRules = []rule{{
	name:   "allowCIDRs are ranges",
	accept: []string{"spec: {webhooks: {allowCIDRs: [10.1.0.0/16, 'fd00::/8']}}"},
	reject: []string{"spec: {webhooks: {allowCIDRs: [10.1.0.1]}}", "spec: {webhooks: {allowCIDRs: [localhost]}}"},
	text:   "must be an address range such as 10.1.0.0/16",
	field:  "spec.webhooks.allowCIDRs[0]",
}, {
	name:   "serviceNamespaces are names",
	accept: []string{"spec: {webhooks: {serviceNamespaces: [tools, games-2]}}"},
	reject: []string{"spec: {webhooks: {serviceNamespaces: [Tools]}}", "spec: {webhooks: {serviceNamespaces: [a.b]}}", "spec: {webhooks: {serviceNamespaces: ['']}}"},
	text:   "must be the name of a namespace",
	field:  "spec.webhooks.serviceNamespaces[0]",
}}

// networkPolicyRules are the rules of peers, for each of the lists that hold them.
func networkPolicyRules() []rule {
	var all []rule
	for _, list := range []string{"clientsFrom", "apiFrom", "metricsFrom"} {
		peer := func(text string) string { return fmt.Sprintf("spec: {networkPolicy: {%s: [%s]}}", list, text) }
		at := "spec.networkPolicy." + list + "[0]"
		all = append(all, rule{
			name:   list + ": peers are pods or addresses",
			accept: []string{peer("{podSelector: {}}"), peer("{namespaceSelector: {}}"), peer("{podSelector: {}, namespaceSelector: {}}"), peer("{ipBlock: {cidr: 10.0.0.0/8}}")},
			reject: []string{peer("{}"), peer("{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}")},
			text:   "set either ipBlock or selectors (podSelector, namespaceSelector or both)",
			field:  at,
		}, rule{
			name:   list + ": cidr is a range",
			accept: []string{peer("{ipBlock: {cidr: 'fd00::/8'}}")},
			reject: []string{peer("{ipBlock: {cidr: 10.0.0.1}}"), peer("{ipBlock: {cidr: all}}")},
			text:   "must be an address range such as 10.0.0.0/8",
			field:  at + ".ipBlock.cidr",
		}, rule{
			name:   list + ": except are ranges",
			accept: []string{peer("{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}")},
			reject: []string{peer("{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.1]}}")},
			text:   "must be an address range such as 10.1.0.0/16",
			field:  at + ".ipBlock.except[0]",
		})
	}
	return all
}
