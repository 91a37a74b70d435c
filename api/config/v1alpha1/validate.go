package v1alpha1

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Bounds of a RuntimeConfig.
const (
	// MaxPayloadLimit is the most that engine.maxPayload may be, in bytes.
	MaxPayloadLimit = 16 << 20
	// MaxHistorySize is the most that recovery.historySize may be, in events.
	MaxHistorySize = 10_000
	// MaxNotifications is the most that notifications.maxPerUser may be.
	MaxNotifications = 10_000
)

// Validate returns every problem of the configuration, and an empty list when
// there is none. It looks at nothing but the configuration itself: whether
// files are there and addresses answer is found out when they are used.
func (c *RuntimeConfig) Validate() field.ErrorList {
	var problems field.ErrorList
	problems = append(problems, validateType(c.TypeMeta, KindRuntimeConfig)...)
	problems = append(problems, c.Cluster.validate(field.NewPath("cluster"))...)
	problems = append(problems, c.Listen.validate(field.NewPath("listen"))...)
	problems = append(problems, c.API.validate(field.NewPath("api"), c.Listen)...)
	problems = append(problems, c.Engine.validate(field.NewPath("engine"))...)
	problems = append(problems, c.Redis.validate(field.NewPath("redis"))...)
	problems = append(problems, c.Auth.validate(field.NewPath("auth"))...)
	problems = append(problems, c.Drain.validate(field.NewPath("drain"))...)
	problems = append(problems, c.Recovery.validate(field.NewPath("recovery"))...)
	problems = append(problems, c.Presence.validate(field.NewPath("presence"))...)
	problems = append(problems, c.Notifications.validate(field.NewPath("notifications"))...)
	problems = append(problems, c.Observability.validate(field.NewPath("observability"))...)
	problems = append(problems, c.Webhooks.validate(field.NewPath("webhooks"))...)
	if c.Observability.Playground && strings.HasPrefix(c.Engine.Path, PlaygroundPath) {
		problems = append(problems, field.Invalid(field.NewPath("engine", "path"), c.Engine.Path, "is where the playground is served"))
	}
	return problems
}

func (w Webhooks) validate(at *field.Path) field.ErrorList {
	var problems field.ErrorList
	for i, text := range w.AllowCIDRs {
		if _, err := netip.ParsePrefix(text); err != nil {
			problems = append(problems, field.Invalid(at.Child("allowCIDRs").Index(i), text, "must be an address range such as 10.1.0.0/16"))
		}
	}
	return problems
}

func validateType(t metav1.TypeMeta, kind string) field.ErrorList {
	var problems field.ErrorList
	if t.APIVersion != APIVersion {
		problems = append(problems, field.NotSupported(field.NewPath("apiVersion"), t.APIVersion, []string{APIVersion}))
	}
	if t.Kind != kind {
		problems = append(problems, field.NotSupported(field.NewPath("kind"), t.Kind, []string{kind}))
	}
	return problems
}

func (r ClusterRef) validate(at *field.Path) field.ErrorList {
	var problems field.ErrorList
	if r.Namespace == "" {
		problems = append(problems, field.Required(at.Child("namespace"), "the namespace of the RealtimeCluster"))
	}
	if r.Name == "" {
		problems = append(problems, field.Required(at.Child("name"), "the name of the RealtimeCluster"))
	}
	return problems
}

func (l Listen) validate(at *field.Path) field.ErrorList {
	problems := hostPort(at.Child("client"), l.Client, true)
	problems = append(problems, hostPort(at.Child("admin"), l.Admin, true)...)
	if l.Peer != "" {
		problems = append(problems, hostPort(at.Child("peer"), l.Peer, true)...)
	}
	if l.API != "" {
		problems = append(problems, hostPort(at.Child("api"), l.API, true)...)
	}
	return problems
}

func (a API) validate(at *field.Path, l Listen) field.ErrorList {
	if l.API != "" && a.TokenFile == "" {
		return field.ErrorList{field.Required(at.Child("tokenFile"), "the server API is served to nobody without a token")}
	}
	if l.API == "" && a.RedisEmitter {
		return field.ErrorList{field.Invalid(at.Child("redisEmitter"), true, "is a part of the server API, which has no listen.api")}
	}
	return nil
}

func (e Engine) validate(at *field.Path) field.ErrorList {
	var problems field.ErrorList
	if len(e.Path) < 2 || !strings.HasPrefix(e.Path, "/") || !strings.HasSuffix(e.Path, "/") {
		problems = append(problems, field.Invalid(at.Child("path"), e.Path, "must begin and end with a slash, as in /socket.io/"))
	}
	if len(e.Transports) == 0 {
		problems = append(problems, field.Required(at.Child("transports"), "name at least one of websocket and polling"))
	}
	problems = append(problems, each(at.Child("transports"), e.Transports, TransportWebSocket, TransportPolling)...)
	problems = append(problems, positive(at.Child("pingInterval"), e.PingInterval)...)
	problems = append(problems, positive(at.Child("pingTimeout"), e.PingTimeout)...)
	problems = append(problems, positive(at.Child("upgradeTimeout"), e.UpgradeTimeout)...)
	problems = append(problems, positive(at.Child("connectTimeout"), e.ConnectTimeout)...)
	problems = append(problems, oneTo(at.Child("maxPayload"), e.MaxPayload, MaxPayloadLimit)...)
	for i, origin := range e.AllowedOrigins {
		problems = append(problems, validateOrigin(at.Child("allowedOrigins").Index(i), origin)...)
	}
	return problems
}

func validateOrigin(at *field.Path, origin string) field.ErrorList {
	if origin == "*" {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return field.ErrorList{field.Invalid(at, origin, "must be * or scheme://host[:port] without a path")}
	}
	return nil
}

func (d Drain) validate(at *field.Path) field.ErrorList {
	problems := notNegative(at.Child("settle"), d.Settle)
	problems = append(problems, notNegative(at.Child("window"), d.Window)...)
	return append(problems, positive(at.Child("flushTimeout"), d.FlushTimeout)...)
}

func (r Recovery) validate(at *field.Path) field.ErrorList {
	problems := oneTo(at.Child("historySize"), int64(r.HistorySize), MaxHistorySize)
	problems = append(problems, positive(at.Child("historyTTL"), r.HistoryTTL)...)
	return append(problems, positive(at.Child("idempotencyTTL"), r.IdempotencyTTL)...)
}

func (p Presence) validate(at *field.Path) field.ErrorList {
	problems := positive(at.Child("leaseInterval"), p.LeaseInterval)
	problems = append(problems, positive(at.Child("awayAfter"), p.AwayAfter)...)
	if p.LeaseTTL.Duration < 2*p.LeaseInterval.Duration || p.LeaseTTL.Duration <= 0 {
		problems = append(problems, field.Invalid(at.Child("leaseTTL"), p.LeaseTTL.Duration.String(), "must be at least twice leaseInterval"))
	}
	return problems
}

func (n Notifications) validate(at *field.Path) field.ErrorList {
	problems := positive(at.Child("retention"), n.Retention)
	problems = append(problems, oneTo(at.Child("maxPerUser"), int64(n.MaxPerUser), MaxNotifications)...)
	if hook := n.OfflineWebhook; hook != nil {
		at := at.Child("offlineWebhook")
		problems = append(problems, httpURL(at.Child("url"), hook.URL)...)
		problems = append(problems, positive(at.Child("after"), hook.After)...)
	}
	return problems
}

func (o Observability) validate(at *field.Path) field.ErrorList {
	problems := oneOf(at.Child("logLevel"), o.LogLevel, "debug", "info", "warn", "error")
	if t := o.Tracing; t != nil {
		at := at.Child("tracing")
		problems = append(problems, httpURL(at.Child("endpoint"), t.Endpoint)...)
		if !(t.Ratio >= 0 && t.Ratio <= 1) { // not a number is neither
			problems = append(problems, field.Invalid(at.Child("ratio"), t.Ratio, "must be from 0 to 1"))
		}
	}
	return problems
}

func httpURL(at *field.Path, value string) field.ErrorList {
	if u, err := url.Parse(value); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return field.ErrorList{field.Invalid(at, value, "must be an http or https URL")}
	}
	return nil
}

// oneOf checks an enumeration.
func oneOf[T ~string](at *field.Path, value T, allowed ...T) field.ErrorList {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	if value == "" {
		return field.ErrorList{field.Required(at, "must be one of "+join(allowed))}
	}
	return field.ErrorList{field.NotSupported(at, value, allowed)}
}

// each checks a list of which every element is from an enumeration, and there once.
func each[T ~string](at *field.Path, values []T, allowed ...T) field.ErrorList {
	var problems field.ErrorList
	seen := map[T]bool{}
	for i, v := range values {
		problems = append(problems, oneOf(at.Index(i), v, allowed...)...)
		if seen[v] {
			problems = append(problems, field.Duplicate(at.Index(i), v))
		}
		seen[v] = true
	}
	return problems
}

func join[T ~string](values []T) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return strings.Join(texts, ", ")
}

func positive(at *field.Path, d metav1.Duration) field.ErrorList {
	if d.Duration <= 0 {
		return field.ErrorList{field.Invalid(at, d.Duration.String(), "must be longer than 0s")}
	}
	return nil
}

func notNegative(at *field.Path, d metav1.Duration) field.ErrorList {
	if d.Duration < 0 {
		return field.ErrorList{field.Invalid(at, d.Duration.String(), "must not be negative")}
	}
	return nil
}

func oneTo(at *field.Path, value, high int64) field.ErrorList {
	if value < 1 || value > high {
		detail := "must be 1 to " + strconv.FormatInt(high, 10)
		return field.ErrorList{field.Invalid(at, value, detail)}
	}
	return nil
}

// hostPort checks an address. Only one to listen on may leave the host out, and
// have port 0, which lets the system choose.
func hostPort(at *field.Path, address string, listen bool) field.ErrorList {
	if address == "" {
		return field.ErrorList{field.Required(at, "must be host:port")}
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return field.ErrorList{field.Invalid(at, address, "must be host:port")}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || (number == 0 && !listen) {
		return field.ErrorList{field.Invalid(at, address, "the port must be 1 to 65535")}
	}
	if host == "" && !listen {
		return field.ErrorList{field.Invalid(at, address, "the host is missing")}
	}
	return nil
}
