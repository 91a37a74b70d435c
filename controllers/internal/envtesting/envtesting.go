// Package envtesting starts an API server for the suites of the controllers.
package envtesting

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// Start starts an API server with the CRDs of this project and of the given paths. The caller must
// stop it.
func Start(crds ...string) (*envtest.Environment, error) {
	assets, err := assets()
	if err != nil {
		return nil, err
	}
	environment := &envtest.Environment{
		BinaryAssetsDirectory: assets,
		CRDDirectoryPaths:     append([]string{filepath.Join(root(), "config/crd/bases")}, crds...),
		ErrorIfCRDPathMissing: true,
		// The default time-outs are too short for a busy machine.
		ControlPlaneStartTimeout: 2 * time.Minute,
		ControlPlaneStopTimeout:  time.Minute,
		CRDInstallOptions:        envtest.CRDInstallOptions{MaxTime: time.Minute},
	}
	// The default range has 254 addresses for Services.
	environment.ControlPlane.GetAPIServer().Configure().Set("service-cluster-ip-range", "10.0.0.0/12")
	_, err = environment.Start()
	return environment, err
}

// Scheme returns a scheme with the kinds of Kubernetes and of this project.
func Scheme() *k8sruntime.Scheme {
	scheme := k8sruntime.NewScheme()
	for _, add := range []func(*k8sruntime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			panic(err) // two types with the same kind: a programming error
		}
	}
	return scheme
}

// root is the folder of the module.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "../../..")
}

// assets returns the folder with kube-apiserver, etcd and kubectl. The first call on a machine
// builds them, which takes minutes.
func assets() (string, error) {
	if set := os.Getenv("KUBEBUILDER_ASSETS"); set != "" {
		return set, nil
	}
	var progress bytes.Buffer
	cmd := exec.Command(filepath.Join(root(), "hack/envtest/assets.sh")) //nolint:noctx // it may take minutes, and is only run by tests
	cmd.Stderr = &progress
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, progress.String())
	}
	return strings.TrimSpace(string(out)), nil
}
