package v1alpha1

import (
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// maxKeyPrefix is the most bytes that redis.keyPrefix may have.
const maxKeyPrefix = 128

func (r Redis) validate(at *field.Path) field.ErrorList {
	problems := oneOf(at.Child("topology"), r.Topology, RedisStandalone, RedisSentinel, RedisCluster)
	problems = append(problems, r.validateAddresses(at.Child("addresses"))...)
	problems = append(problems, r.validateTopology(at)...)
	problems = append(problems, validateKeyPrefix(at.Child("keyPrefix"), r.KeyPrefix)...)
	problems = append(problems, r.Probe.validate(at.Child("probe"))...)
	if r.TLS != nil {
		problems = append(problems, r.TLS.validate(at.Child("tls"))...)
	}
	if (r.Username != "" || r.UsernameFile != "") && r.PasswordFile == "" {
		problems = append(problems, field.Required(at.Child("passwordFile"), "a username needs its password"))
	}
	return problems
}

func (r Redis) validateAddresses(at *field.Path) field.ErrorList {
	if len(r.Addresses) == 0 {
		return field.ErrorList{field.Required(at, "name at least one host:port")}
	}
	var problems field.ErrorList
	for i, address := range r.Addresses {
		problems = append(problems, hostPort(at.Index(i), address, false)...)
	}
	if r.Topology == RedisStandalone && len(r.Addresses) > 1 {
		problems = append(problems, field.TooMany(at, len(r.Addresses), 1))
	}
	return problems
}

// validateTopology checks what only one of the topologies needs or forbids.
func (r Redis) validateTopology(at *field.Path) field.ErrorList {
	var problems field.ErrorList
	switch {
	case r.Topology == RedisSentinel && r.MasterName == "":
		problems = append(problems, field.Required(at.Child("masterName"), "Sentinel needs the name of the primary it watches"))
	case r.Topology != RedisSentinel && r.MasterName != "":
		problems = append(problems, field.Forbidden(at.Child("masterName"), "only Sentinel has one"))
	}
	switch {
	case r.Database < 0:
		problems = append(problems, field.Invalid(at.Child("database"), r.Database, "must not be negative"))
	case r.Topology == RedisCluster && r.Database != 0:
		problems = append(problems, field.Invalid(at.Child("database"), r.Database, "Redis Cluster has only database 0"))
	}
	return problems
}

func validateKeyPrefix(at *field.Path, prefix string) field.ErrorList {
	if prefix == "" {
		return field.ErrorList{field.Required(at, "it keeps clusters that share a Redis apart")}
	}
	if len(prefix) > maxKeyPrefix {
		return field.ErrorList{field.TooLong(at, prefix, maxKeyPrefix)}
	}
	for _, c := range []byte(prefix) {
		if c <= ' ' || c > '~' || c == '{' || c == '}' {
			return field.ErrorList{field.Invalid(at, prefix, "must be printable ASCII without spaces and braces")}
		}
	}
	return nil
}

func (p RedisProbe) validate(at *field.Path) field.ErrorList {
	problems := positive(at.Child("interval"), p.Interval)
	problems = append(problems, positive(at.Child("unreadyAfter"), p.UnreadyAfter)...)
	if p.Interval.Duration > p.UnreadyAfter.Duration && p.UnreadyAfter.Duration > 0 {
		problems = append(problems, field.Invalid(at.Child("unreadyAfter"), p.UnreadyAfter.Duration.String(),
			"must not be shorter than interval"))
	}
	return problems
}

func (t RedisTLS) validate(at *field.Path) field.ErrorList {
	switch {
	case t.CertFile != "" && t.KeyFile == "":
		return field.ErrorList{field.Required(at.Child("keyFile"), "certFile needs its key")}
	case t.KeyFile != "" && t.CertFile == "":
		return field.ErrorList{field.Required(at.Child("certFile"), "keyFile needs its certificate")}
	}
	return nil
}
