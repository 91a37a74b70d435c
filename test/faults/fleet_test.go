//go:build faults

package faults

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/test/fleet"
)

const (
	// patience bounds waits without a promise of their own.
	patience = 90 * time.Second
	replicas = 3
)

func TestMain(m *testing.M) {
	code := m.Run()
	fleet.Cleanup()
	os.Exit(code)
}

// startFleet starts three servers with the race detector, so that a race ends a server
// and fails the test.
func startFleet(t *testing.T, redis configv1.Redis) *fleet.Fleet {
	t.Helper()
	return fleet.Start(t, fleet.Options{
		Manifest: filepath.Join("testdata", "cluster.yaml"), Servers: replicas, Race: true,
		Redis: func(int) configv1.Redis { return redis },
	})
}
