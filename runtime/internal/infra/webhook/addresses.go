package webhook

import (
	"net/netip"
	"slices"
)

// nodes are addresses of the machine itself and of what clouds tell only a machine: no
// Service needs them, and their answers may hold the machine's credentials.
var nodes = prefixes(
	"0.0.0.0/8", "::/128", // this host
	"127.0.0.0/8", "::1/128", // loopback
	"169.254.0.0/16", "fe80::/10", // link-local, with the metadata of most clouds
	"100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::/32", "fd20:ce::/32", // metadata of Alibaba, Azure, Oracle, AWS and Google
	"224.0.0.0/4", "ff00::/8", "240.0.0.0/4", // multicast, reserved, broadcast
)

// private are addresses that are routed only inside of a network.
var private = prefixes(
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // RFC 1918
	"100.64.0.0/10",                                                      // shared by carriers, and pods of some clouds
	"fc00::/7",                                                           // unique local
	"fec0::/10",                                                          // site-local, as was
	"198.18.0.0/15",                                                      // benchmarks
	"192.0.0.0/24",                                                       // protocol assignments
	"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", // documentation
)

// carriers are IPv6 ranges in which an IPv4 address travels, from the byte that is given.
var carriers = []struct {
	netip.Prefix
	at int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12},   // NAT64
	{netip.MustParsePrefix("64:ff9b:1::/48"), 12}, // NAT64 of a network
	{netip.MustParsePrefix("2002::/16"), 2},       // 6to4
	{netip.MustParsePrefix("::/96"), 12},          // compatible, as was
}

// meanings are an address and the IPv4 address that it carries.
func meanings(a netip.Addr) []netip.Addr {
	a = a.Unmap().WithZone("")
	all := []netip.Addr{a}
	if !a.Is6() || a.IsLoopback() || a.IsUnspecified() {
		return all
	}
	bytes := a.As16()
	for _, c := range carriers {
		if c.Contains(a) {
			all = append(all, netip.AddrFrom4([4]byte(bytes[c.at:c.at+4])))
		}
	}
	return all
}

func within(a netip.Addr, ranges []netip.Prefix) bool {
	return slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(a) })
}

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}
