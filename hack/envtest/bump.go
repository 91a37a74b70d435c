//go:build ignore

// Command bump rewrites this directory's go.mod for another Kubernetes release:
//
//	go run bump.go v1.37.2
//
// k8s.io/kubernetes cannot be installed by name, because its go.mod replaces the staging
// modules by directories, which no module archive contains. The tools module requires the
// same versions and replaces each staging module by its published release.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// module is the copied part of `go mod edit -json`.
type module struct {
	Go      string
	Require []struct {
		Path, Version string
		Indirect      bool
	}
	Replace []struct {
		Old, New struct{ Path, Version string }
	}
}

// commands are the main packages for envtest, and the further ones for a whole cluster.
var commands = []string{
	"go.etcd.io/etcd/server/v3",
	"k8s.io/kubernetes/cmd/kube-apiserver",
	"k8s.io/kubernetes/cmd/kube-controller-manager",
	"k8s.io/kubernetes/cmd/kube-proxy",
	"k8s.io/kubernetes/cmd/kube-scheduler",
	"k8s.io/kubernetes/cmd/kubectl",
	"k8s.io/kubernetes/cmd/kubelet",
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bump:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 || !strings.HasPrefix(args[0], "v1.") {
		return errors.New("usage: go run bump.go v1.MINOR.PATCH")
	}
	upstream, err := load(args[0])
	if err != nil {
		return err
	}
	if err := os.WriteFile("go.mod", []byte(render(upstream, args[0])), 0o644); err != nil {
		return err
	}
	if err := os.RemoveAll("go.sum"); err != nil {
		return err
	}
	// Loading the packages writes the sums of exactly the needed modules.
	list := exec.Command("go", append([]string{"list", "-mod=mod", "-deps"}, commands...)...)
	list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	list.Stderr = os.Stderr
	return list.Run()
}

// load returns the requirements and replacements of k8s.io/kubernetes at version.
func load(version string) (module, error) {
	var (
		found struct{ GoMod string }
		m     module
	)
	if err := goJSON(&found, "mod", "download", "-json", "k8s.io/kubernetes@"+version); err != nil {
		return m, err
	}
	err := goJSON(&m, "mod", "edit", "-json", found.GoMod)
	return m, err
}

// goJSON runs the go command outside this module and decodes its output.
func goJSON(into any, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir = os.TempDir()
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return json.Unmarshal(out, into)
}

// render writes the go.mod of the tools module.
func render(upstream module, version string) string {
	staging := "v0." + strings.TrimPrefix(version, "v1.")
	var b strings.Builder
	fmt.Fprintf(&b, "// Written by bump.go: the commands that envtest and a cluster need, at Kubernetes %s.\n", version)
	fmt.Fprintf(&b, "module github.com/anteroom/anteroom/hack/envtest\n\ngo %s\n\n", upstream.Go)
	fmt.Fprintf(&b, "tool (\n\t%s\n)\n\n", strings.Join(commands, "\n\t"))
	fmt.Fprintf(&b, "require (\n\tk8s.io/kubernetes %s\n", version)
	for _, r := range upstream.Require {
		if r.Version == "v0.0.0" {
			r.Version = staging
		}
		fmt.Fprintf(&b, "\t%s %s // indirect\n", r.Path, r.Version)
	}
	b.WriteString(")\n\nreplace (\n")
	for _, r := range upstream.Replace {
		if strings.HasPrefix(r.New.Path, "./staging/") {
			fmt.Fprintf(&b, "\t%s => %s %s\n", r.Old.Path, r.Old.Path, staging)
		}
	}
	b.WriteString(")\n")
	return b.String()
}
