package exposure_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/anteroom/anteroom/controllers/internal/desired/exposure"
	"github.com/anteroom/anteroom/controllers/internal/golden"
	"github.com/anteroom/anteroom/controllers/internal/manifest"
)

// shapeAnnotation of an input selects the installed HTTPRoute.
const shapeAnnotation = "test/persistence"

func TestGolden(t *testing.T) {
	golden.Run(t, func(_ *testing.T, objects manifest.Objects) []any {
		c := &objects.Clusters[0]
		installed := exposure.Capabilities{Persistence: exposure.PersistenceShape(c.Annotations[shapeAnnotation])}
		built := exposure.Build(c, installed)
		summary := map[string]any{"url": built.URL}
		if len(built.ServiceAnnotations) > 0 {
			summary["serviceAnnotations"] = built.ServiceAnnotations
		}
		if len(built.Missing) > 0 {
			summary["missing"] = built.Missing
		}
		if built.NoAffinity {
			summary["noAffinity"] = true
		}
		if built.Retired != "" {
			summary["retired"] = built.Retired
		}
		documents := []any{summary}
		for _, o := range built.Objects {
			documents = append(documents, o)
		}
		return documents
	})
}

func TestCapabilitiesOf(t *testing.T) {
	for name, want := range map[string]exposure.PersistenceShape{
		"standard": exposure.ShapeNone, "experimental-1.6": exposure.ShapeSessionName, "experimental-1.7": exposure.ShapeCookie,
	} {
		text, err := os.ReadFile("testdata/crds/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		var crd map[string]any
		if err := yaml.Unmarshal(text, &crd); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(exposure.Capabilities{Persistence: want}, exposure.CapabilitiesOf(crd)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
