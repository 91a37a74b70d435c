package desired

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
)

// Bounds of the references of policies and queues.
const (
	// MaxFilterWords bounds the words of a filter, its own and a ConfigMap's together.
	MaxFilterWords = 10_000
	// maxWordLength is in characters, as in the words of the filter itself.
	maxWordLength = 64
	// maxPolicySecret bounds a value of a Secret, in bytes, and maxPolicySecrets all values of a
	// cluster, so that the copies fit into a single Secret.
	maxPolicySecret  = 64 << 10
	maxPolicySecrets = 900 << 10
)

// References holds the existing ConfigMaps and Secrets that policies and queues name, by name.
type References struct {
	ConfigMaps map[string]map[string]string
	Secrets    map[string]map[string][]byte
	// Barred are the Secrets that policies may not name because they lack the label
	// [v1alpha1.LabelAllowPolicies]. Denied are the Secrets whose label forbids it.
	Barred, Denied map[string]bool
	// InForce are the files of the keys that the cluster's pods already have. A key in force of a
	// barred Secret stays valid, with a warning; a key of a denied Secret does not.
	InForce map[string]bool
}

// PolicyReferences returns the names of the ConfigMaps and Secrets that the cluster's policies and
// queues name, sorted.
func PolicyReferences(c *v1alpha1.RealtimeCluster, policies []v1alpha1.LobbyPolicy, queues []v1alpha1.MatchmakingQueue) (configMaps, secrets []string) {
	picks, _ := selector(c)
	lists, keys := map[string]bool{}, map[string]bool{}
	note := func(names map[string]bool, ref *v1alpha1.KeyReference) {
		if ref != nil {
			names[ref.Name] = true
		}
	}
	for _, p := range policies {
		if !belongs(c, picks, p.ObjectMeta, p.Spec.ClusterRef.Name) {
			continue
		}
		for _, f := range p.Spec.Chat.Filters {
			note(lists, f.WordsConfigMapRef)
			note(keys, f.SecretRef)
		}
	}
	for _, q := range queues {
		if belongs(c, picks, q.ObjectMeta, q.Spec.ClusterRef.Name) {
			note(keys, q.Spec.Handoff.SecretRef)
		}
	}
	return slices.Sorted(maps.Keys(lists)), slices.Sorted(maps.Keys(keys))
}

// resolver merges references into specs. Without references, as in an offline rendering, it merges
// nothing and reports nothing as missing.
type resolver struct {
	found *References
	// files and bytes are the values of the Secrets taken so far.
	files map[string]bool
	bytes int
	// warnings belong to objects that apply.
	warnings []Problem
}

// lobby returns the policy's spec with the words of its ConfigMaps merged into its filters, or the
// problem of a reference.
func (r *resolver) lobby(p v1alpha1.LobbyPolicy) (v1alpha1.LobbyPolicySpec, *Problem) {
	spec := p.Spec
	if r.found == nil {
		return spec, nil
	}
	spec.Chat.Filters = slices.Clone(spec.Chat.Filters)
	for i := range spec.Chat.Filters {
		f := &spec.Chat.Filters[i]
		fault := r.words(f)
		field := "wordsConfigMapRef"
		if fault == nil {
			fault, field = r.secret(f.SecretRef), "secretRef"
		}
		if fault != nil {
			fault.Kind, fault.Name, fault.Field = v1alpha1.KindLobbyPolicy, p.Name, fmt.Sprintf("spec.chat.filters[%d].%s", i, field)
		}
		if fault = r.warn(fault); fault != nil {
			return spec, fault
		}
	}
	return spec, nil
}

// queue returns the problem of a queue's references; nil for none.
func (r *resolver) queue(q v1alpha1.MatchmakingQueue) *Problem {
	if r.found == nil {
		return nil
	}
	fault := r.secret(q.Spec.Handoff.SecretRef)
	if fault != nil {
		fault.Kind, fault.Name, fault.Field = v1alpha1.KindMatchmakingQueue, q.Name, "spec.handoff.secretRef"
	}
	return r.warn(fault)
}

// warn records a warning, and returns any other problem.
func (r *resolver) warn(fault *Problem) *Problem {
	if fault == nil || !fault.Warning {
		return fault
	}
	r.warnings = append(r.warnings, *fault)
	return nil
}

// words appends the words of the filter's ConfigMap, a word per line, to the filter's own.
func (r *resolver) words(f *v1alpha1.ChatFilter) *Problem {
	ref := f.WordsConfigMapRef
	if ref == nil {
		return nil
	}
	data, there := r.found.ConfigMaps[ref.Name]
	text, has := data[ref.Key]
	if !has {
		return absent("ConfigMap", *ref, there)
	}
	words := slices.Clone(f.Words)
	known := map[string]bool{}
	for _, w := range words {
		known[w] = true
	}
	number := 0
	for line := range strings.Lines(text) {
		number++
		word := strings.TrimSpace(line)
		switch {
		case word == "" || known[word]:
			continue
		case utf8.RuneCountInString(word) > maxWordLength:
			return unusable("line %d of key %q of ConfigMap %q has more than %d characters: make it shorter", number, ref.Key, ref.Name, maxWordLength)
		case len(words) == MaxFilterWords:
			return unusable("ConfigMap %q has too many words: a filter takes %d", ref.Name, MaxFilterWords)
		}
		known[word] = true
		words = append(words, word)
	}
	if len(words) == 0 {
		return unusable("key %q of ConfigMap %q has no words: write one a line", ref.Key, ref.Name)
	}
	f.Words = words
	return nil
}

// secret checks that a key may be named, exists and fits.
func (r *resolver) secret(ref *v1alpha1.KeyReference) *Problem {
	if ref == nil {
		return nil
	}
	data, there := r.found.Secrets[ref.Name]
	value := data[ref.Key]
	file := configv1.PolicySecretFile(*ref)
	barred := r.barred(*ref, file)
	switch {
	case barred != nil && !barred.Warning:
		return barred
	case len(value) == 0:
		return absent("Secret", *ref, there)
	case len(value) > maxPolicySecret:
		return unusable("key %q of Secret %q has %d bytes: %d are the most", ref.Key, ref.Name, len(value), maxPolicySecret)
	case len(file) > 253:
		return unusable("the names of Secret %q and of its key are too long together: 252 characters are the most", ref.Name)
	}
	if r.files[file] {
		return barred
	}
	if r.bytes+len(value) > maxPolicySecrets {
		return unusable("the Secrets that the policies of a cluster name have more than %d bytes: use smaller or fewer ones", maxPolicySecrets)
	}
	r.files[file] = true
	r.bytes += len(value)
	return barred
}

// barred reports that policies may not name a Secret; it is a warning while its key is in force.
// The message does not list the keys of the Secret.
func (r *resolver) barred(ref v1alpha1.KeyReference, file string) *Problem {
	const how = "kubectl label secret %s " + v1alpha1.LabelAllowPolicies + "=true"
	switch {
	case r.found.Denied[ref.Name]:
		return &Problem{Reason: ReasonSecretBarred, Message: fmt.Sprintf("the label %s of Secret %q forbids that policies name it: name another Secret", v1alpha1.LabelAllowPolicies, ref.Name)}
	case !r.found.Barred[ref.Name]:
		return nil
	case r.found.InForce[file]:
		return &Problem{Warning: true, Reason: ReasonSecretBarred, Message: fmt.Sprintf("Secret %q stays in force without the label that lets policies name it, and will be refused by a later operator: "+how, ref.Name, ref.Name)}
	}
	return &Problem{Reason: ReasonSecretBarred, Message: fmt.Sprintf("policies may name only Secrets with a label, which %q lacks; whoever owns it may allow it: "+how, ref.Name, ref.Name)}
}

func absent(kind string, ref v1alpha1.KeyReference, there bool) *Problem {
	text := fmt.Sprintf("there is no %s %q: create it with key %q", kind, ref.Name, ref.Key)
	if there {
		text = fmt.Sprintf("%s %q has nothing under key %q", kind, ref.Name, ref.Key)
	}
	return &Problem{Reason: ReasonReferenceMissing, Message: text}
}

func unusable(format string, args ...any) *Problem {
	return &Problem{Reason: ReasonReferenceInvalid, Message: fmt.Sprintf(format, args...)}
}

// PolicySecrets returns the values that the set's policies and queues name, by file name.
func PolicySecrets(set *configv1.PolicySet, found *References) map[string][]byte {
	values := map[string][]byte{}
	take := func(ref *v1alpha1.KeyReference) {
		if ref != nil && found != nil {
			values[configv1.PolicySecretFile(*ref)] = found.Secrets[ref.Name][ref.Key]
		}
	}
	for _, l := range set.Lobbies {
		for _, f := range l.Spec.Chat.Filters {
			take(f.SecretRef)
		}
	}
	for _, q := range set.Queues {
		take(q.Spec.Handoff.SecretRef)
	}
	return values
}
