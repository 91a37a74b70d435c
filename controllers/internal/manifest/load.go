package manifest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// Objects holds the objects of the input in the order of reading, with defaults and namespaces.
type Objects struct {
	Clusters []v1alpha1.RealtimeCluster
	Policies []v1alpha1.LobbyPolicy
	Queues   []v1alpha1.MatchmakingQueue
	// places maps kind, namespace and name to the position of an object.
	places map[string]document
}

// Notes are remarks that are no problems, such as objects of other kinds, which Load skips.
type Notes []string

// Load reads all objects of all sources. After a problem, the error is a [Problems] with all of
// them.
func Load(ctx context.Context, schemas Schemas, sources []Source, namespace string) (Objects, Notes, error) {
	l := loader{schemas: schemas, namespace: namespace, objects: Objects{places: map[string]document{}}}
	for i, s := range sources {
		docs, problems := documents(s, i)
		l.problems = append(l.problems, problems...)
		for _, doc := range docs {
			l.take(ctx, doc)
		}
	}
	l.problems.Sort()
	if len(l.problems) > 0 {
		return Objects{}, l.notes, l.problems
	}
	return l.objects, l.notes, nil
}

// Problem returns a problem of a loaded object, with the place of the field at path, which may be
// empty.
func (o Objects) Problem(kind, namespace, name, path, detail string) Problem {
	if doc, ok := o.places[objectKey(kind, namespace, name)]; ok {
		return doc.problem(path, detail)
	}
	return Problem{Object: fmt.Sprintf("%s %q", kind, name), Field: path, Detail: detail}
}

func objectKey(kind, namespace, name string) string {
	return kind + "/" + namespace + "/" + name
}

type loader struct {
	schemas   Schemas
	namespace string
	objects   Objects
	notes     Notes
	problems  Problems
}

// take reads a document of a known kind, or reports that the kind is unknown.
func (l *loader) take(ctx context.Context, doc document) {
	gv, err := schema.ParseGroupVersion(doc.apiVersion())
	switch {
	case doc.apiVersion() == "" || doc.kind() == "" || err != nil:
		l.problems = append(l.problems, doc.problem("", "apiVersion and kind are needed, such as \"apiVersion: "+
			v1alpha1.GroupVersion.String()+"\" and \"kind: "+v1alpha1.KindRealtimeCluster+"\""))
		return
	case gv.Group != v1alpha1.GroupName:
		l.notes = append(l.notes, fmt.Sprintf("%s: %s (%s) is not rendered; it goes to the cluster as it is",
			doc.place, doc.title(), doc.apiVersion()))
		return
	}
	kind, ok := l.schemas[gv.WithKind(doc.kind())]
	if !ok {
		l.problems = append(l.problems, doc.problem("", fmt.Sprintf("there is no kind %s in %s: use one of %s",
			doc.kind(), doc.apiVersion(), strings.Join(l.schemas.names(), ", "))))
		return
	}
	problems, complete := kind.admit(ctx, doc, l.namespace)
	if len(problems) == 0 {
		problems = l.add(doc)
	}
	if !complete {
		l.notes = append(l.notes, fmt.Sprintf("%s: %s: the rules among its fields are checked once each field is good", doc.place, doc.title()))
	}
	l.problems = append(l.problems, problems...)
}

// add decodes an admitted document and stores it, unless its name is taken.
func (l *loader) add(doc document) Problems {
	key := objectKey(doc.kind(), doc.metadata("namespace"), doc.metadata("name"))
	if first, ok := l.objects.places[key]; ok {
		return Problems{doc.problem("metadata.name", fmt.Sprintf("the same object is at %s already: remove one", first.place))}
	}
	l.objects.places[key] = doc
	var err error
	switch doc.kind() {
	case v1alpha1.KindRealtimeCluster:
		l.objects.Clusters, err = decode(l.objects.Clusters, doc)
	case v1alpha1.KindLobbyPolicy:
		l.objects.Policies, err = decode(l.objects.Policies, doc)
	case v1alpha1.KindMatchmakingQueue:
		l.objects.Queues, err = decode(l.objects.Queues, doc)
	}
	if err != nil {
		return Problems{doc.problem("", err.Error())}
	}
	return nil
}

func decode[T any](all []T, doc document) ([]T, error) {
	var object T
	text, err := json.Marshal(doc.value)
	if err != nil {
		return all, err
	}
	if err := json.Unmarshal(text, &object); err != nil {
		return all, err
	}
	return append(all, object), nil
}

// names lists the kinds as kind.version, sorted.
func (s Schemas) names() []string {
	var all []string
	for gvk := range s {
		all = append(all, gvk.Kind+" ("+gvk.GroupVersion().String()+")")
	}
	slices.Sort(all)
	return all
}
