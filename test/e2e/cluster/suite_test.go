//go:build e2e

package cluster

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// patience bounds waits without a promise of their own.
	patience = 3 * time.Minute
	// system is the namespace of the operator, and release its Helm release.
	system, release = "anteroom-system", "anteroom"
	chart           = "../../../charts/anteroom"
)

// given has the values of `make e2e`.
var given struct {
	// url is the address of the ingress controller; host is its name in Ingresses.
	url, host string
	// registry and the versions name the images; next is a second version of all images.
	registry, version, next string
	helm                    string
}

func TestCluster(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "a cluster of Kubernetes")
}

var _ = BeforeSuite(func() {
	SetDefaultEventuallyTimeout(patience)
	SetDefaultEventuallyPollingInterval(200 * time.Millisecond)
	EnforceDefaultTimeoutsWhenUsingContexts() // a context alone would have no deadline
	for name, value := range map[string]*string{
		"E2E_URL": &given.url, "E2E_REGISTRY": &given.registry, "E2E_VERSION": &given.version, "E2E_NEXT": &given.next, "E2E_HELM": &given.helm,
	} {
		*value = os.Getenv(name)
		Expect(*value).NotTo(BeEmpty(), "%s is not set: run this with `make e2e`", name)
	}
	_, given.host, _ = strings.Cut(given.url, "://")
	given.host, _, _ = strings.Cut(given.host, ":")
	installOperator(given.version)
	DeferCleanup(uninstallOperator)
})

// installOperator installs or upgrades the operator with the chart, and waits until it
// runs.
func installOperator(version string) {
	GinkgoHelper()
	helm(append([]string{"upgrade", "--install"}, chartOf(version)...)...)
}

// chartOf returns Helm's arguments for the chart with the images of a version.
func chartOf(version string) []string {
	args := []string{
		release, chart, "--namespace", system, "--create-namespace", "--wait", "--timeout", "3m",
		"--set", "image.repository=" + given.registry + "/anteroom-operator", "--set", "image.tag=" + version,
		"--set", "serverImage=" + serverImage(version), "--set", "logLevel=debug",
	}
	if image := os.Getenv("E2E_REDIS_IMAGE"); image != "" {
		args = append(args, "--set", "redisImage="+image)
	}
	return args
}

func uninstallOperator() {
	GinkgoHelper()
	helm("uninstall", release, "--namespace", system, "--wait")
}

func serverImage(version string) string { return given.registry + "/anteroom-server:" + version }

func helm(args ...string) string {
	GinkgoHelper()
	return run(exec.Command(given.helm, args...))
}

// run runs a program that must succeed, and returns its output.
func run(cmd *exec.Cmd) string {
	GinkgoHelper()
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	Expect(err).NotTo(HaveOccurred(), "%s\n%s%s", strings.Join(cmd.Args, " "), out, &problems)
	return string(out)
}
