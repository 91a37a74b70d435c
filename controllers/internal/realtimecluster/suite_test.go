package realtimecluster_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/anteroom/anteroom/controllers/internal/envtesting"
)

var (
	config *rest.Config
	k8s    client.WithWatch
)

func TestRealtimeCluster(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "controllers/internal/realtimecluster")
}

var _ = BeforeSuite(func() {
	environment, err := envtesting.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	config = environment.Config
	config.QPS, config.Burst = 500, 1000
	k8s, err = client.NewWithWatch(config, client.Options{Scheme: envtesting.Scheme()})
	Expect(err).NotTo(HaveOccurred())
})
