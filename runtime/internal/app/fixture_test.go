package app

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	realtime "github.com/anteroom/anteroom/api/v1alpha1"
)

// patience is how long a test waits for what must come.
const patience = 15 * time.Second

// testPayload is how many bytes a request may have.
const testPayload = 65536

func seconds(n float64) metav1.Duration {
	return metav1.Duration{Duration: time.Duration(n * float64(time.Second))}
}

func ptr[T any](v T) *T { return &v }

// testConfig is a configuration for anonymous users with a Redis at an address.
func testConfig(redis string) *v1alpha1.RuntimeConfig {
	return &v1alpha1.RuntimeConfig{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindRuntimeConfig},
		Cluster:  v1alpha1.ClusterRef{Namespace: "games", Name: "eu"},
		Listen:   v1alpha1.Listen{Client: "127.0.0.1:0", Admin: "127.0.0.1:0"},
		Engine: v1alpha1.Engine{
			Path: "/socket.io/", Transports: []v1alpha1.Transport{v1alpha1.TransportWebSocket, v1alpha1.TransportPolling},
			PingInterval: seconds(20), PingTimeout: seconds(25), MaxPayload: testPayload,
			UpgradeTimeout: seconds(10), ConnectTimeout: seconds(10),
		},
		Redis: v1alpha1.Redis{
			Topology: v1alpha1.RedisStandalone, Addresses: []string{redis}, KeyPrefix: "rt:",
			Probe: v1alpha1.RedisProbe{Interval: seconds(0.5), UnreadyAfter: seconds(0.5)},
		},
		Auth:  v1alpha1.Auth{Mode: v1alpha1.AuthAnonymous, Expiry: v1alpha1.AuthExpiry{WarnBefore: seconds(60), Grace: seconds(30)}},
		Drain: v1alpha1.Drain{Settle: seconds(0), Window: seconds(0), FlushTimeout: seconds(5)},
		Recovery: v1alpha1.Recovery{
			HistorySize: 300, HistoryTTL: seconds(600), IdempotencyTTL: seconds(300),
		},
		Features:      v1alpha1.Features{Chat: true, Lobby: true, Matchmaking: true, Presence: true, Notifications: true},
		Presence:      v1alpha1.Presence{LeaseInterval: seconds(5), LeaseTTL: seconds(15), AwayAfter: seconds(300)},
		Notifications: v1alpha1.Notifications{Retention: seconds(3600), MaxPerUser: 500},
		Observability: v1alpha1.Observability{LogLevel: "debug"},
	}
}

// testPolicies is a set with a policy for each lobby type.
func testPolicies(types ...string) *v1alpha1.PolicySet {
	set := &v1alpha1.PolicySet{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindPolicySet},
		Limits: v1alpha1.Limits{
			ConnectionsPerPod: 100, ConnectsPerSecond: 100, ConnectionsPerUser: 10,
			PerConnection: v1alpha1.ConnectionLimits{EventsPerSecond: 100, Burst: 100, OutboundBytes: 1 << 20, Subscriptions: 64},
		},
	}
	for _, name := range types {
		set.Lobbies = append(set.Lobbies, v1alpha1.LobbyPolicy{Name: name, Spec: testPolicy(name)})
	}
	set.Revision = set.ComputeRevision()
	return set
}

// testPolicy is a policy with all fields set, most of them as the API server
// defaults them.
func testPolicy(lobbyType string) realtime.LobbyPolicySpec {
	d := realtime.NewDuration
	return realtime.LobbyPolicySpec{
		ClusterRef: realtime.ClusterReference{Name: "eu"}, LobbyType: lobbyType,
		Size: realtime.LobbySize{Min: 2, Max: 8, Spectators: 3},
		Visibility: realtime.VisibilityRules{
			Default: realtime.VisibilityPublic, Allowed: []realtime.Visibility{realtime.VisibilityPublic, realtime.VisibilityPrivate},
		},
		Join: realtime.JoinRules{
			Code:     realtime.JoinCode{Enabled: ptr(true), Length: 6, TTL: ptr(d(time.Hour))},
			Password: realtime.JoinPassword{Allowed: true, MinLength: 4}, LateJoin: true, MaxPerUser: 2,
		},
		Host:  realtime.HostRules{Migration: realtime.MigrateRandom, Grace: d(10 * time.Second), OnLeave: realtime.OnLeaveClose},
		Ready: realtime.ReadyRules{MinPercent: 100, Countdown: d(5 * time.Second), ClearOnChange: ptr(false)},
		Teams: &realtime.TeamRules{Count: 2, Size: 4, AutoBalance: ptr(false)},
		Attributes: []realtime.LobbyAttribute{
			{
				Key: "map", Type: realtime.LobbyAttributeString, Enum: []string{"dust", "ice"}, MaxLength: ptr(int32(8)),
				WritableBy: realtime.WritableByHost, Default: ptr("dust"),
			},
			{Key: "skill", Type: realtime.LobbyAttributeNumber, Min: "-0.5", Max: "50", WritableBy: realtime.WritableByMember, Default: ptr("7")},
			{Key: "ranked", Type: realtime.LobbyAttributeBoolean, WritableBy: realtime.WritableByServer, Default: ptr("true")},
		},
		AttributeLimits: realtime.AttributeLimits{Keys: 30, Bytes: 4096},
		Chat: realtime.ChatRules{
			Enabled: ptr(true), MaxLength: 1000, History: realtime.ChatHistory{Size: ptr(int32(200)), TTL: d(24 * time.Hour)},
			Rate: realtime.ChatRate{Messages: 5, Per: d(5 * time.Second)},
		},
		Moderation: realtime.ModerationRules{Kick: ptr(true), BanTTL: ptr(d(time.Minute))},
		Lifecycle: realtime.LifecycleRules{
			IdleTimeout: d(15 * time.Minute), EmptyTimeout: d(time.Minute), MaxLifetime: d(12 * time.Hour), DisconnectGrace: d(30 * time.Second),
		},
		ApplyTo: realtime.ApplyToAllLobbies,
	}
}

// writeYAML puts a document into a file in one step, as a mounted volume changes.
func writeYAML(t *testing.T, path string, document any) {
	t.Helper()
	data, err := yaml.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func writeFiles(t *testing.T, config *v1alpha1.RuntimeConfig, policies *v1alpha1.PolicySet) Files {
	t.Helper()
	dir := t.TempDir()
	files := Files{Config: filepath.Join(dir, "runtime.yaml"), Policies: filepath.Join(dir, "policies.yaml")}
	writeYAML(t, files.Config, config)
	writeYAML(t, files.Policies, policies)
	return files
}

// journal is a log that a test may read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) count(part string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.text.String(), part)
}

// running is a server that runs in this process.
type running struct {
	t             *testing.T
	files         Files
	client, admin string // URLs
	api           string // the server API's, "" when it is not served
	log           *journal
	stop          context.CancelFunc
	hurry         chan struct{}
	ended         chan error
}

// start runs a server. It is stopped at the end of the test at the latest.
func start(t *testing.T, config *v1alpha1.RuntimeConfig, policies *v1alpha1.PolicySet) *running {
	t.Helper()
	r := &running{
		t: t, files: writeFiles(t, config, policies), log: &journal{},
		hurry: make(chan struct{}), ended: make(chan error, 1),
	}
	settings, err := Read(r.files, "v1.2.3", r.log)
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(context.Background(), settings)
	if err != nil {
		t.Fatal(err)
	}
	client, admin := a.Addresses()
	r.client, r.admin = "http://"+client.String(), "http://"+admin.String()
	if api := a.APIAddress(); api != nil {
		r.api = "http://" + api.String()
	}
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.ended <- a.Run(ctx, r.hurry)
	}()
	t.Cleanup(func() {
		r.stop()
		select {
		case <-done:
		case <-time.After(patience):
			t.Error("the server does not stop")
		}
		if t.Failed() {
			r.log.mu.Lock()
			defer r.log.mu.Unlock()
			t.Log(r.log.text.String())
		}
	})
	return r
}

// startReady runs a server with an embedded Redis and waits until it is ready.
func startReady(t *testing.T, change func(*v1alpha1.RuntimeConfig), types ...string) *running {
	t.Helper()
	config := testConfig(miniredis.RunT(t).Addr())
	if change != nil {
		change(config)
	}
	r := start(t, config, testPolicies(types...))
	r.until("ready", func() bool { code, _ := r.get(r.admin + "/readyz"); return code == http.StatusOK })
	return r
}

// until waits for a condition.
func (r *running) until(what string, is func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("not %s in %v", what, patience)
		}
	}
}

func (r *running) get(url string) (int, string) {
	r.t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// result waits for the end of the server.
func (r *running) result() error {
	r.t.Helper()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(patience):
		r.t.Fatal("the server does not end")
		return nil
	}
}
