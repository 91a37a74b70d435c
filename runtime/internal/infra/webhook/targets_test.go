package webhook

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// The ways in which an address is judged: by any name, by a Service's, never.
const (
	anyName = iota
	serviceOnly
	never
)

func TestAddresses(t *testing.T) {
	for address, want := range map[string]int{
		"8.8.8.8": anyName, "1.1.1.1": anyName, "172.15.255.255": anyName, "172.32.0.0": anyName, "100.63.255.255": anyName,
		"100.128.0.0": anyName, "192.167.255.255": anyName, "11.0.0.0": anyName, "169.253.255.255": anyName, "2606:4700::1111": anyName,
		"::ffff:8.8.8.8": anyName, "64:ff9b::808:808": anyName, "2002:808:808::1": anyName,

		"10.0.0.0": serviceOnly, "10.255.255.255": serviceOnly, "172.16.0.1": serviceOnly, "172.31.255.255": serviceOnly,
		"192.168.1.1": serviceOnly, "100.64.0.1": serviceOnly, "100.127.255.255": serviceOnly, "fc00::1": serviceOnly, "fdff::1": serviceOnly,
		"fec0::1": serviceOnly, "198.18.0.1": serviceOnly, "192.0.0.1": serviceOnly, "192.0.2.1": serviceOnly, "2001:db8::1": serviceOnly,
		"::ffff:10.1.2.3": serviceOnly, "64:ff9b::10.1.2.3": serviceOnly, "2002:a01:203::1": serviceOnly, "::10.1.2.3": serviceOnly,

		"0.0.0.0": never, "0.1.2.3": never, "127.0.0.1": never, "127.255.255.254": never, "::1": never, "::": never,
		"169.254.169.254": never, "169.254.0.1": never, "fe80::1": never, "fe80::1%eth0": never, "100.100.100.200": never,
		"168.63.129.16": never, "192.0.0.192": never, "fd00:ec2::254": never, "fd20:ce::254": never, "224.0.0.1": never,
		"239.1.1.1": never, "255.255.255.255": never, "240.0.0.1": never, "ff02::1": never, "::ffff:127.0.0.1": never,
		"::ffff:169.254.169.254": never, "64:ff9b::169.254.169.254": never, "64:ff9b:1::7f00:1": never, "2002:a9fe:a9fe::1": never, "::127.0.0.1": never,
	} {
		a := netip.MustParseAddr(address)
		for _, service := range []bool{false, true} {
			err := Targets{}.Check(a, service)
			if allowed := want == anyName || want == serviceOnly && service; (err == nil) != allowed {
				t.Errorf("%s, of a Service: %t: %v", address, service, err)
			}
			var refused *AddressError
			if err != nil && (!errors.As(err, &refused) || refused.Private != (want == serviceOnly)) {
				t.Errorf("%s: %v", address, err)
			}
		}
	}
}

func TestAllowedRanges(t *testing.T) {
	targets := Targets{Allow: prefixes("127.0.0.0/8", "10.1.0.0/16")}
	for address, want := range map[string]bool{
		"127.0.0.1": true, "10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "169.254.169.254": false, "::1": false,
	} {
		if err := targets.Check(netip.MustParseAddr(address), false); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestNamesOfServices(t *testing.T) {
	for _, tc := range []struct {
		host, want string
		only       []string
	}{
		{host: "filter", want: "filter.games.svc.cluster.local."},
		{host: "filter.tools", want: "filter.tools.svc.cluster.local."},
		{host: "Filter.Tools.SVC", want: "filter.tools.svc.cluster.local."},
		{host: "filter.tools.svc.cluster.local", want: "filter.tools.svc.cluster.local."},
		{host: "filter.tools.svc.cluster.local.", want: "filter.tools.svc.cluster.local."},
		{host: "pod-0.filter.tools.svc", want: "pod-0.filter.tools.svc.cluster.local."},
		{host: "filter.tools.svc", only: []string{"tools"}, want: "filter.tools.svc.cluster.local."},
		{host: "filter.tools.svc", only: []string{"games"}},
		{host: "filter", only: []string{"tools"}},
		{host: "filter.tools.svc.example.com"}, {host: "a.b.svc.cluster.local.example.com"}, {host: "api.example.com"},
		{host: "filter.tools.cluster.local"}, {host: "tools.svc"}, {host: "10.0.0.1"}, {host: "fd00::1"},
	} {
		got, ok := Targets{Namespace: "games", Namespaces: tc.only}.service(tc.host)
		if got != tc.want || ok != (tc.want != "") {
			t.Errorf("%s of %v: %q, %t", tc.host, tc.only, got, ok)
		}
	}
}

// TestCallsReachTheirTargetsOnly calls a service on this machine by several names. What
// refuses is the connection, after the name was resolved.
func TestCallsReachTheirTargetsOnly(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(server.URL, "http://"))
	here := func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	nowhere := func(context.Context, string) ([]netip.Addr, error) { return nil, errors.New("no such host") }
	loopback := prefixes("127.0.0.0/8", "::1/128")
	for _, tc := range []struct {
		name, host string
		targets    Targets
		reached    bool
	}{
		{"an address of this machine", "127.0.0.1", Targets{}, false},
		{"another way to write it", "[::ffff:127.0.0.1]", Targets{}, false},
		{"a name that resolves to it", "localhost", Targets{Lookup: nowhere}, false},
		{"a Service that resolves to it", "evil.games.svc", Targets{Lookup: here}, false},
		{"this machine, allowed", "127.0.0.1", Targets{Allow: loopback}, true},
		{"its name, allowed", "localhost", Targets{Allow: loopback, Lookup: nowhere}, true},
		{"a Service, allowed", "filter.games.svc", Targets{Allow: loopback, Lookup: here}, true},
	} {
		told := 0
		tc.targets.Refused = func(*AddressError) { told++ }
		hook := Hook{URL: "http://" + net.JoinHostPort(strings.Trim(tc.host, "[]"), port), Timeout: 10 * time.Second, Client: tc.targets.Client(nil)}
		_, err := hook.Post(t.Context(), Call{ID: "m", At: time.Now()})
		var refused *AddressError
		if (err == nil) != tc.reached || err != nil && !errors.As(err, &refused) || (told > 0) == tc.reached {
			t.Errorf("%s: %v, told %d times", tc.name, err, told)
		}
	}
}

// TestAProxyIsReached: the proxy of the environment may have a private address.
func TestAProxyIsReached(t *testing.T) {
	env := map[string]string{"HTTP_PROXY": "http://proxy.corp:3128", "https_proxy": "10.0.0.9"}
	got := proxiesOf(func(name string) string { return env[name] })
	if strings.Join(got, " ") != "proxy.corp:3128 10.0.0.9:80" {
		t.Errorf("proxies %v", got)
	}
}

func TestDomainOf(t *testing.T) {
	for text, want := range map[string]string{
		"search games.svc.example.internal svc.example.internal example.internal\nnameserver 10.96.0.10\n": "example.internal",
		"search lan\n": "", "": "",
	} {
		if got := DomainOf(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
