package v1alpha1_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

const (
	crdDir    = "../../config/crd/bases"
	assetsCmd = "../../hack/envtest/assets.sh"
	namespace = "default"
)

// The API server of this suite and a client to it, set before the first spec runs.
var (
	restConfig *rest.Config
	k8s        client.Client
)

func TestResources(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "api/v1alpha1")
}

var _ = BeforeSuite(func() {
	environment := &envtest.Environment{
		BinaryAssetsDirectory: assets(),
		CRDDirectoryPaths:     []string{crdDir},
		ErrorIfCRDPathMissing: true,
		// The defaults are too short for a machine that has much to do.
		ControlPlaneStartTimeout: 2 * time.Minute,
		ControlPlaneStopTimeout:  time.Minute,
		CRDInstallOptions:        envtest.CRDInstallOptions{MaxTime: time.Minute},
	}
	DeferCleanup(environment.Stop)

	// The API server refuses CRDs whose CEL rules could cost too much, so that a
	// start is also the proof that they are within the budget.
	var err error
	restConfig, err = environment.Start()
	Expect(err).NotTo(HaveOccurred())

	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	k8s, err = client.New(restConfig, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
})

// assets returns the folder with kube-apiserver, etcd and kubectl. The first call
// on a machine builds them, which takes minutes; stopped half-way, the next run
// goes on where it was.
func assets() string {
	if set := os.Getenv("KUBEBUILDER_ASSETS"); set != "" {
		return set
	}
	var progress bytes.Buffer
	cmd := exec.Command(assetsCmd)
	cmd.Stderr = io.MultiWriter(os.Stderr, &progress)
	out, err := cmd.Output()
	Expect(err).NotTo(HaveOccurred(), progress.String())
	return strings.TrimSpace(string(out))
}
