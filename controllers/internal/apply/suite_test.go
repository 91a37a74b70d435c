package apply_test

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/apply"
	"github.com/anteroom/anteroom/controllers/internal/envtesting"
)

var (
	k8s    client.WithWatch
	config *rest.Config
)

func TestApply(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "controllers/internal/apply")
}

var _ = BeforeSuite(func() {
	environment, err := envtesting.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	config = environment.Config
	k8s, err = client.NewWithWatch(config, client.Options{Scheme: envtesting.Scheme()})
	Expect(err).NotTo(HaveOccurred())
})

// newApplier reads without a cache and counts writes.
func newApplier(writes *int) *apply.Applier {
	counting := interceptor.NewClient(k8s, envtesting.CountWrites(writes))
	return &apply.Applier{Client: counting, Live: k8s, Kinds: apply.NewKinds(k8s.RESTMapper(), time.Minute)}
}

// newOwner creates a namespace with a cluster in it.
func newOwner(ctx SpecContext, spec v1alpha1.RealtimeClusterSpec) *v1alpha1.RealtimeCluster {
	namespace := &corev1.Namespace{}
	namespace.GenerateName = "apply-"
	Expect(k8s.Create(ctx, namespace)).To(Succeed())
	owner := &v1alpha1.RealtimeCluster{Spec: spec}
	owner.Namespace, owner.Name = namespace.Name, "arena"
	Expect(k8s.Create(ctx, owner)).To(Succeed())
	return owner
}
