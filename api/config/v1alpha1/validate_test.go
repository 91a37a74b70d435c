package v1alpha1

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func seconds(n int) metav1.Duration {
	return metav1.Duration{Duration: time.Duration(n) * time.Second}
}

func goodConfig() *RuntimeConfig {
	return &RuntimeConfig{
		TypeMeta: metav1.TypeMeta{APIVersion: APIVersion, Kind: KindRuntimeConfig},
		Cluster:  ClusterRef{Namespace: "games", Name: "eu"},
		Listen:   Listen{Client: ":8080", Admin: "127.0.0.1:9090"},
		Engine: Engine{
			Path: "/socket.io/", Transports: []Transport{TransportWebSocket, TransportPolling},
			PingInterval: seconds(20), PingTimeout: seconds(25), MaxPayload: 65536,
			UpgradeTimeout: seconds(10), ConnectTimeout: seconds(10),
			AllowedOrigins: []string{"https://play.example", "http://localhost:3000"},
		},
		Redis: Redis{
			Topology: RedisStandalone, Addresses: []string{"redis.games.svc:6379"}, KeyPrefix: "rt:games/eu:",
			Probe: RedisProbe{Interval: seconds(5), UnreadyAfter: seconds(10)},
		},
		Auth: Auth{Mode: AuthJWT, Providers: []AuthProvider{{
			Name: "main", Issuer: "https://issuer.example", Algorithms: []string{"RS256", "ES256"},
			JWKSURL: "https://issuer.example/jwks.json", Claims: AuthClaims{User: "sub", Name: "name", Scopes: "scope"},
		}}, Expiry: AuthExpiry{WarnBefore: seconds(60), Grace: seconds(30)}},
		Drain:         Drain{Settle: seconds(10), Window: seconds(60), FlushTimeout: seconds(5)},
		Recovery:      Recovery{HistorySize: 300, HistoryTTL: seconds(600), IdempotencyTTL: seconds(300)},
		Features:      Features{Chat: true, Lobby: true},
		Presence:      Presence{LeaseInterval: seconds(5), LeaseTTL: seconds(15), AwayAfter: seconds(300)},
		Notifications: Notifications{Retention: seconds(3600), MaxPerUser: 500},
		Observability: Observability{LogLevel: "info"},
	}
}

func TestRuntimeConfigValidate(t *testing.T) {
	provider := func(c *RuntimeConfig) *AuthProvider { return &c.Auth.Providers[0] }
	cases := []struct {
		name   string
		change func(*RuntimeConfig)
		want   []string // the fields of the problems
	}{
		{"good", func(*RuntimeConfig) {}, nil},
		{"webhooks", func(c *RuntimeConfig) {
			c.Webhooks = Webhooks{AllowCIDRs: []string{"10.1.0.0/16", "10.1.0.0"}}
		}, []string{"webhooks.allowCIDRs[1]"}},
		{"presence", func(c *RuntimeConfig) {
			c.Presence = Presence{LeaseInterval: seconds(5), LeaseTTL: seconds(9)}
		}, []string{"presence.awayAfter", "presence.leaseTTL"}},
		{"notifications", func(c *RuntimeConfig) {
			c.Notifications = Notifications{MaxPerUser: 10_001, OfflineWebhook: &OfflineWebhook{URL: "push"}}
		}, []string{
			"notifications.retention", "notifications.maxPerUser",
			"notifications.offlineWebhook.url", "notifications.offlineWebhook.after",
		}},
		{"webhook", func(c *RuntimeConfig) {
			c.Notifications.OfflineWebhook = &OfflineWebhook{URL: "https://push.example/x", After: seconds(10)}
		}, nil},
		{"type", func(c *RuntimeConfig) { c.APIVersion, c.Kind = "v2", "Pod" }, []string{"apiVersion", "kind"}},
		{"cluster", func(c *RuntimeConfig) { c.Cluster = ClusterRef{} }, []string{"cluster.namespace", "cluster.name"}},
		{"listen on any port", func(c *RuntimeConfig) {
			c.Listen = Listen{Client: "127.0.0.1:0", Admin: ":0", Peer: ":0", API: ":0"}
			c.API.TokenFile = "t"
		}, nil},
		{
			"listen", func(c *RuntimeConfig) { c.Listen = Listen{Client: "8080", Admin: ":70000", Peer: "peer", API: "x"} },
			[]string{"listen.client", "listen.admin", "listen.peer", "listen.api", "api.tokenFile"},
		},
		{"no listen", func(c *RuntimeConfig) { c.Listen = Listen{} }, []string{"listen.client", "listen.admin"}},
		{"path", func(c *RuntimeConfig) { c.Engine.Path = "socket.io" }, []string{"engine.path"}},
		{"no transport", func(c *RuntimeConfig) { c.Engine.Transports = nil }, []string{"engine.transports"}},
		{"transport", func(c *RuntimeConfig) { c.Engine.Transports = []Transport{"smoke"} }, []string{"engine.transports[0]"}},
		{"transport twice", func(c *RuntimeConfig) { c.Engine.Transports = []Transport{"polling", "polling"} }, []string{"engine.transports[1]"}},
		{"engine times", func(c *RuntimeConfig) {
			c.Engine.PingInterval, c.Engine.PingTimeout = seconds(0), seconds(-1)
			c.Engine.UpgradeTimeout, c.Engine.ConnectTimeout = seconds(0), seconds(0)
		}, []string{"engine.pingInterval", "engine.pingTimeout", "engine.upgradeTimeout", "engine.connectTimeout"}},
		{"payload", func(c *RuntimeConfig) { c.Engine.MaxPayload = MaxPayloadLimit + 1 }, []string{"engine.maxPayload"}},
		{"any origin", func(c *RuntimeConfig) { c.Engine.AllowedOrigins = []string{"*"} }, nil},
		{"origin", func(c *RuntimeConfig) { c.Engine.AllowedOrigins = []string{"play.example", "https://a/b"} },
			[]string{"engine.allowedOrigins[0]", "engine.allowedOrigins[1]"}},
		{"topology", func(c *RuntimeConfig) { c.Redis.Topology = "Ring" }, []string{"redis.topology"}},
		{"no address", func(c *RuntimeConfig) { c.Redis.Addresses = nil }, []string{"redis.addresses"}},
		{"addresses", func(c *RuntimeConfig) { c.Redis.Addresses = []string{":6379", "redis:0"} },
			[]string{"redis.addresses[0]", "redis.addresses[1]", "redis.addresses"}},
		{"sentinel", func(c *RuntimeConfig) { c.Redis.Topology = RedisSentinel }, []string{"redis.masterName"}},
		{"stray masterName", func(c *RuntimeConfig) { c.Redis.MasterName = "main" }, []string{"redis.masterName"}},
		{"cluster database", func(c *RuntimeConfig) { c.Redis.Topology, c.Redis.Database = RedisCluster, 1 }, []string{"redis.database"}},
		{"database", func(c *RuntimeConfig) { c.Redis.Database = -1 }, []string{"redis.database"}},
		{"username", func(c *RuntimeConfig) { c.Redis.Username = "app" }, []string{"redis.passwordFile"}},
		{"client certificate", func(c *RuntimeConfig) { c.Redis.TLS = &RedisTLS{CertFile: "/tls.crt"} }, []string{"redis.tls.keyFile"}},
		{"client key", func(c *RuntimeConfig) { c.Redis.TLS = &RedisTLS{KeyFile: "/tls.key"} }, []string{"redis.tls.certFile"}},
		{"no prefix", func(c *RuntimeConfig) { c.Redis.KeyPrefix = "" }, []string{"redis.keyPrefix"}},
		{"prefix", func(c *RuntimeConfig) { c.Redis.KeyPrefix = "{a}" }, []string{"redis.keyPrefix"}},
		{"long prefix", func(c *RuntimeConfig) { c.Redis.KeyPrefix = strings.Repeat("a", 129) }, []string{"redis.keyPrefix"}},
		{"probe", func(c *RuntimeConfig) { c.Redis.Probe = RedisProbe{} }, []string{"redis.probe.interval", "redis.probe.unreadyAfter"}},
		{"probe order", func(c *RuntimeConfig) { c.Redis.Probe.UnreadyAfter = seconds(1) }, []string{"redis.probe.unreadyAfter"}},
		{"auth mode", func(c *RuntimeConfig) { c.Auth.Mode = "" }, []string{"auth.mode"}},
		{"anonymous", func(c *RuntimeConfig) { c.Auth.Mode, c.Auth.Providers = AuthAnonymous, nil }, nil},
		{"no provider", func(c *RuntimeConfig) { c.Auth.Providers = nil }, []string{"auth.providers"}},
		{"many providers", func(c *RuntimeConfig) {
			c.Auth.Mode, c.Auth.Providers = AuthAnonymous, nil
			for i := range 17 {
				p := goodConfig().Auth.Providers[0]
				p.Name = strings.Repeat("p", i+1)
				c.Auth.Providers = append(c.Auth.Providers, p)
			}
		}, []string{"auth.providers"}},
		{"same name", func(c *RuntimeConfig) { c.Auth.Providers = append(c.Auth.Providers, c.Auth.Providers[0]) }, []string{"auth.providers[1].name"}},
		{"no source", func(c *RuntimeConfig) { provider(c).JWKSURL = "" }, []string{"auth.providers[0]"}},
		{"two sources", func(c *RuntimeConfig) { provider(c).KeysFile = "/keys" }, []string{"auth.providers[0]"}},
		{"no algorithm", func(c *RuntimeConfig) { provider(c).Algorithms = nil }, []string{"auth.providers[0].algorithms"}},
		{"none", func(c *RuntimeConfig) { provider(c).Algorithms = []string{"none"} }, []string{"auth.providers[0].algorithms[0]"}},
		{"HS256 with public keys", func(c *RuntimeConfig) { provider(c).Algorithms = []string{"RS256", "HS256"} }, []string{"auth.providers[0].algorithms[1]"}},
		{"shared secret", func(c *RuntimeConfig) {
			p := provider(c)
			p.JWKSURL, p.SharedSecretFile, p.Algorithms = "", "/secret", []string{"HS256"}
		}, nil},
		{"RS256 with a shared secret", func(c *RuntimeConfig) {
			p := provider(c)
			p.JWKSURL, p.SharedSecretFile, p.Algorithms = "", "/secret", []string{"HS256", "RS256"}
		}, []string{"auth.providers[0].algorithms[1]"}},
		{"nameless provider", func(c *RuntimeConfig) { provider(c).Name = "" }, []string{"auth.providers[0].name"}},
		{"audience", func(c *RuntimeConfig) { provider(c).Audiences = []string{""} }, []string{"auth.providers[0].audiences[0]"}},
		{"claims", func(c *RuntimeConfig) { provider(c).Claims = AuthClaims{} },
			[]string{"auth.providers[0].claims.user", "auth.providers[0].claims.name", "auth.providers[0].claims.scopes"}},
		{"expiry", func(c *RuntimeConfig) { c.Auth.Expiry = AuthExpiry{seconds(-1), seconds(-1)} },
			[]string{"auth.expiry.warnBefore", "auth.expiry.grace"}},
		{"no settling", func(c *RuntimeConfig) { c.Drain.Settle, c.Drain.Window = seconds(0), seconds(0) }, nil},
		{"drain", func(c *RuntimeConfig) { c.Drain = Drain{seconds(-1), seconds(-1), seconds(0)} },
			[]string{"drain.settle", "drain.window", "drain.flushTimeout"}},
		{"recovery", func(c *RuntimeConfig) { c.Recovery = Recovery{} },
			[]string{"recovery.historySize", "recovery.historyTTL", "recovery.idempotencyTTL"}},
		{"log level", func(c *RuntimeConfig) { c.Observability.LogLevel = "loud" }, []string{"observability.logLevel"}},
		{"an emitter without the API", func(c *RuntimeConfig) { c.Listen.API, c.API = "", API{RedisEmitter: true} }, []string{"api.redisEmitter"}},
		{"traces to nowhere", func(c *RuntimeConfig) { c.Observability.Tracing = &Tracing{Endpoint: "collector:4317", Ratio: 2} },
			[]string{"observability.tracing.endpoint", "observability.tracing.ratio"}},
		{"a ratio that is no number", func(c *RuntimeConfig) {
			c.Observability.Tracing = &Tracing{Endpoint: "http://collector:4317", Ratio: math.NaN()}
		}, []string{"observability.tracing.ratio"}},
		{"the playground in the engine's place", func(c *RuntimeConfig) {
			c.Engine.Path, c.Observability.Playground = "/playground/rt/", true
		}, []string{"engine.path"}},
		{"no log level", func(c *RuntimeConfig) { c.Observability.LogLevel = "" }, []string{"observability.logLevel"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := goodConfig()
			tc.change(c)
			var got []string
			for _, problem := range c.Validate() {
				got = append(got, problem.Field)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("fields with problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJWKSURL(t *testing.T) {
	cases := []struct {
		url string
		ok  bool
	}{
		{"https://issuer.example/jwks", true},
		{"http://127.0.0.1:8081/jwks", true},
		{"http://[::1]/jwks", true},
		{"http://localhost/jwks", true},
		{"http://keycloak.auth.svc:8080/jwks", true},
		{"http://keycloak.auth.svc.cluster.local./jwks", true},
		{"http://issuer.example/jwks", false},
		{"http://10.0.0.1/jwks", false},
		{"http://svc/jwks", false},
		{"http://issuer.svc.example/jwks", false},
		{"ftp://issuer.example/jwks", false},
		{"https://", false},
		{"issuer.example/jwks", false},
		{"https://user:hunter2@issuer.example/jwks", false},
		{"https://issuer.example/jwks#keys", false},
		{"https://issuer.example:no/hunter2", false},
	}
	for _, tc := range cases {
		c := goodConfig()
		c.Auth.Providers[0].JWKSURL = tc.url
		problems := c.Validate()
		if got := len(problems) == 0; got != tc.ok {
			t.Errorf("%s: accepted %v, want %v (%v)", tc.url, got, tc.ok, problems.ToAggregate())
		}
		for _, p := range problems {
			if strings.Contains(p.Error(), "hunter2") {
				t.Errorf("the problem repeats the password: %v", p)
			}
		}
	}
}
