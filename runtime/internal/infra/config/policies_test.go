package config

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/anteroom/anteroom/api/config/v1alpha1"
	realtime "github.com/anteroom/anteroom/api/v1alpha1"
)

// policies is a set with a policy for each lobby type.
func policies(t *testing.T, types ...string) *v1alpha1.PolicySet {
	t.Helper()
	set := &v1alpha1.PolicySet{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindPolicySet},
		Limits: v1alpha1.Limits{
			ConnectionsPerPod: 100, ConnectsPerSecond: 10, ConnectionsPerUser: 2,
			PerConnection: v1alpha1.ConnectionLimits{EventsPerSecond: 20, Burst: 40, OutboundBytes: 1 << 20, Subscriptions: 64},
		},
	}
	for _, name := range types {
		set.Lobbies = append(set.Lobbies, v1alpha1.LobbyPolicy{Name: name, Spec: realtime.LobbyPolicySpec{
			LobbyType: name,
			Size:      realtime.LobbySize{Min: 2, Max: 8},
			Host:      realtime.HostRules{Grace: realtime.NewDuration(10 * time.Second)},
			Attributes: []realtime.LobbyAttribute{
				{Key: "skill", Type: realtime.LobbyAttributeNumber, Min: "0.5", Max: "50"},
			},
		}})
	}
	set.Revision = set.ComputeRevision()
	return set
}

func putPolicies(t *testing.T, path string, set *v1alpha1.PolicySet) {
	t.Helper()
	data, err := yaml.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	put(t, path+".new", string(data))
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
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

func (j *journal) waitFor(t *testing.T, part string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		j.mu.Lock()
		found := strings.Contains(j.text.String(), part)
		j.mu.Unlock()
		if found {
			return
		}
	}
	t.Fatalf("the log never said %q", part)
}

func TestLoadPolicies(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policies.yaml")
	want := policies(t, "casual", "ranked")
	putPolicies(t, path, want)
	got, err := LoadPolicies(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.Revision != want.Revision || len(got.Lobbies) != 2 || got.Lobbies[1].Spec.Host.Grace.Seconds() != 10 {
		t.Errorf("the set was not read as it is: %+v", got)
	}
	if least := got.Lobbies[0].Spec.Attributes[0].Min; least != "0.5" {
		t.Errorf("decimal %q, want 0.5", least)
	}
}

func TestLoadPoliciesRefusesAnotherRevision(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policies.yaml")
	set := policies(t, "casual")
	set.Revision = "0123456789abcdef"
	putPolicies(t, path, set)
	if _, err := LoadPolicies(path); err == nil || !strings.Contains(err.Error(), "revision: Invalid value") {
		t.Errorf("error %v, want one about the revision", err)
	}
}

func TestPoliciesFollowTheirFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policies.yaml")
	first, second := policies(t, "casual"), policies(t, "casual", "ranked")
	putPolicies(t, path, first)
	var log journal
	p, err := OpenPolicies(path, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if p.Current().Revision != first.Revision {
		t.Fatalf("revision %s in force, want %s", p.Current().Revision, first.Revision)
	}

	ctx, cancel := context.WithCancel(context.Background())
	applied := make(chan *v1alpha1.PolicySet, 8)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Watch(ctx, func(set *v1alpha1.PolicySet) { applied <- set })
	}()
	defer func() {
		cancel()
		<-ended
	}()

	put(t, path, "kind: PolicySet\nbogus: true\n")
	log.waitFor(t, "new policies refused")
	if p.Current().Revision != first.Revision {
		t.Error("a bad file took the place of a good set")
	}

	putPolicies(t, path, second)
	select {
	case set := <-applied:
		if set.Revision != second.Revision || p.Current() != set {
			t.Errorf("revision %s applied, want %s, and that it is the current one", set.Revision, second.Revision)
		}
	case <-time.After(patience):
		t.Fatal("the new set was not applied")
	}
}

func TestOpenPoliciesRefusesABadFile(t *testing.T) {
	path := write(t, "kind: PolicySet\n")
	if _, err := OpenPolicies(path, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("opened")
	}
}
