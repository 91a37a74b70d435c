package guides

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/anteroom/anteroom/test/manifest"
)

// setting sets, in documents, the variables that `make push` and `helm install` share.
const setting = "export IMAGE_REGISTRY=registry.example.com/anteroom VERSION=v0.1.0\n"

// TestInstalledImagesArePushed runs the build, push and install lines of each document
// without their effects: make prints the images to build and push, and helm renders the
// objects to install. All of them must name the same images.
func TestInstalledImagesArePushed(t *testing.T) {
	helm := setUp(t, "hack/deps/helm.sh")
	for document, before := range map[string]string{
		"README.md":                    "",
		"runtime/guides/kubernetes.md": "",
		"charts/anteroom/README.md":    setting + "make push\n",
	} {
		t.Run(document, func(t *testing.T) {
			installs := 0
			for _, command := range commands(t, document) {
				if !strings.HasPrefix(command, "helm install ") {
					before += command
					continue
				}
				installs++
				out := dry(t, helm, before+command)
				built, pushed := found(out, ` -t (\S+)`), found(out, `docker push (\S+)`)
				rendered := found(out, `(?:image: |--server-image=)(\S*anteroom-\S+)`)
				if len(built) != 2 || !slices.Equal(built, pushed) || !slices.Equal(built, rendered) {
					t.Errorf("got images built %q, pushed %q, installed %q, want the same", built, pushed, rendered)
				}
			}
			if installs == 0 {
				t.Error("got no installed image")
			}
		})
	}
}

// commands returns the lines of a document's blocks that set, push and install.
func commands(t *testing.T, document string) (all []string) {
	t.Helper()
	for _, b := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(text(t, document), -1) {
		all = append(all, regexp.MustCompile(`(?m)^(?:export |make push|helm install )(?:.*\\\n)*.*\n`).FindAllString(b[1], -1)...)
	}
	return all
}

// dry runs commands with programs that only print their actions.
func dry(t *testing.T, helm, commands string) string {
	t.Helper()
	program, err := exec.LookPath("make")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	for name, script := range map[string]string{
		"make": program + ` -n IMAGE_BUILDER=docker "$@"`,
		"helm": `shift; ` + helm + ` template "$@"`, // install has the same arguments
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-euc", commands)
	cmd.Dir, cmd.Env = root(t), append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\nprint\n%s", err, commands, out)
	}
	return string(out)
}

// TestImagesOfDocuments: each image in a document is an image that the project builds.
func TestImagesOfDocuments(t *testing.T) {
	built := found(dry(t, "", setting+"make images"), ` -t \S+/([\w-]+):`)
	named := regexp.MustCompile(`(?:registry\.example\.com|ghcr\.io)/anteroom/([\w-]+)`)
	for _, document := range documents(t) {
		for _, image := range named.FindAllStringSubmatch(text(t, document), -1) {
			if !slices.Contains(built, image[1]) {
				t.Errorf("%s: got image %s, want one of %q", document, image[1], built)
			}
		}
	}
}

// TestOverlay applies the overlay of config's README.
func TestOverlay(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "config"), os.DirFS(filepath.Join(root(t), "config"))); err != nil {
		t.Fatal(err)
	}
	overlay := regexp.MustCompile("(?s)```yaml\n(# kustomization.yaml.*?)```").FindStringSubmatch(text(t, "config/README.md"))
	if overlay == nil {
		t.Fatal("got no overlay in the document")
	}
	if err := os.Mkdir(filepath.Join(dir, "mine"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mine", "kustomization.yaml"), []byte(overlay[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(manifest.Assets(t), "kubectl"), "kustomize", filepath.Join(dir, "mine")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	images := found(string(out), `image: (\S+)`)
	if want := found(dry(t, "", setting+"make images"), ` -t (\S+operator:\S+)`); !slices.Equal(images, want) {
		t.Errorf("got images %q, want %q", images, want)
	}
}

// TestSecretsOfDocuments: each key of a generated Secret in a document is a key that the
// operator creates, according to its golden files.
func TestSecretsOfDocuments(t *testing.T) {
	made := generated(t)
	ways := []*regexp.Regexp{
		regexp.MustCompile("`[^`\\s]+-(auth|api|redis|admin)` \\| a new value under `([^`]+)`"),
		regexp.MustCompile(`secret (?:.* )?\w+-(auth|api|redis|admin) .*\{\.data\.([^}]+)\}`),
		regexp.MustCompile(`secret (?:.* )?\w+-(auth|api|redis|admin) .*stringData\W+(\w+)`),
		regexp.MustCompile(`secret generic (?:.* )?\w+-(auth|api|redis|admin) --from-literal=(\w+)=`),
	}
	count := make([]int, len(ways))
	for _, document := range documents(t) {
		for i, way := range ways {
			for _, m := range way.FindAllStringSubmatch(text(t, document), -1) {
				count[i]++
				if !slices.Contains(made, m[1]+"."+m[2]) {
					t.Errorf("%s: got key %s of the Secret <cluster>-%s, want one of %q", document, m[2], m[1], made)
				}
			}
		}
	}
	if slices.Contains(count, 0) {
		t.Errorf("got counts of each notation of a key: %v, want more", count)
	}
}

// generated returns the keys of the Secrets of the cluster arena, as secret.key without
// the cluster's name.
func generated(t *testing.T) (keys []string) {
	t.Helper()
	golden := text(t, "controllers/internal/desired/stack/testdata/everything.golden.yaml")
	for _, document := range strings.Split(golden, "\n---\n") {
		var secret corev1.Secret
		if err := yaml.Unmarshal([]byte(document), &secret); err != nil || secret.Kind != "Secret" {
			continue
		}
		for key := range secret.Data {
			keys = append(keys, strings.TrimPrefix(secret.Name, "arena-")+"."+key)
		}
	}
	return keys
}

// documents are the documents on installation and operation.
func documents(t *testing.T) []string {
	t.Helper()
	guides, err := filepath.Glob(filepath.Join(root(t), "runtime", "guides", "*.md"))
	if err != nil || len(guides) < 5 {
		t.Fatal(guides, err)
	}
	all := []string{"README.md", "runtime/README.md", "config/README.md", "charts/anteroom/README.md"}
	for _, guide := range guides {
		all = append(all, "runtime/guides/"+filepath.Base(guide))
	}
	return all
}

func text(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// found returns the distinct matches of a pattern's group, in order.
func found(text, pattern string) (all []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		all = append(all, strings.Trim(m[1], `"'`))
	}
	slices.Sort(all)
	return slices.Compact(all)
}
