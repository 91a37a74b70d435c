package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	sigsyaml "sigs.k8s.io/yaml"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
)

// The keys of the two files in a ConfigMap.
const (
	keyRuntime  = "runtime.yaml"
	keyPolicies = "policies.yaml"
)

// renderTimeout bounds a run of the manager.
const renderTimeout = time.Minute

// source is the source of the desired state: the user's file, read by the manager, which
// implements the defaults and rules.
type source struct {
	manager string
	file    string
	// cluster selects one of several RealtimeClusters; empty when there is only one.
	cluster string
}

// rendered is the desired state.
type rendered struct {
	// cluster is the RealtimeCluster with its defaults.
	cluster v1alpha1.RealtimeCluster
	runtime configv1.RuntimeConfig
	// policies is the PolicySet file, byte for byte, and revision its hash.
	policies []byte
	revision string
	// lobbyType is a type that clients can create; empty when there is none.
	lobbyType string
	// keys is a hash of the providers' keys in the user's file.
	keys string
	// notes are the manager's remarks.
	notes string
}

// render runs the manager. For an invalid file, the error is the manager's list of
// problems.
func (s source) render(ctx context.Context) (rendered, error) {
	ctx, cancel := context.WithTimeout(ctx, renderTimeout)
	defer cancel()
	args := []string{"render", "--inputs", "-f", s.file}
	if s.cluster != "" {
		args = append(args, "--cluster", s.cluster)
	}
	var out, notes bytes.Buffer
	cmd := exec.CommandContext(ctx, s.manager, args...)
	cmd.Stdout, cmd.Stderr = &out, &notes
	err := cmd.Run()
	if text := strings.TrimSpace(notes.String()); err != nil && text != "" {
		return rendered{}, errors.New(text)
	} else if err != nil {
		return rendered{}, fmt.Errorf("run %s: %w", s.manager, err)
	}
	r, err := parseRendered(out.Bytes())
	r.notes = strings.TrimSpace(notes.String())
	return r, err
}

// parseRendered extracts the cluster and the two files from the manager's output.
func parseRendered(output []byte) (rendered, error) {
	var r rendered
	clusters := 0
	decoder := yaml.NewDecoder(bytes.NewReader(output))
	for {
		var doc yaml.Node
		err := decoder.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return rendered{}, fmt.Errorf("read the manager's output: %w", err)
		}
		found, err := r.take(&doc)
		if err != nil {
			return rendered{}, err
		}
		if found {
			clusters++
		}
	}
	return r, r.complete(clusters)
}

func (r *rendered) complete(clusters int) error {
	switch {
	case clusters == 0:
		return errors.New("no RealtimeCluster: add one, \"spec: {}\" is enough")
	case clusters > 1:
		return errors.New("several RealtimeClusters: choose one with CLUSTER=<name>")
	case r.runtime.Kind == "" || r.policies == nil:
		return errors.New("the manager rendered no runtime.yaml or no policies.yaml: build both programs from the same source")
	}
	return nil
}

// take reads one object; it reports whether it is a RealtimeCluster.
func (r *rendered) take(doc *yaml.Node) (cluster bool, err error) {
	var object struct {
		Kind string            `yaml:"kind"`
		Data map[string]string `yaml:"data"`
	}
	if err := doc.Decode(&object); err != nil {
		object.Data = nil // an object of another kind, with data of another type
	}
	switch object.Kind {
	case v1alpha1.KindRealtimeCluster:
		text, err := yaml.Marshal(doc)
		if err == nil {
			err = sigsyaml.Unmarshal(text, &r.cluster)
		}
		return true, err
	case "ConfigMap":
		return false, r.takeData(object.Data)
	}
	return false, nil
}

func (r *rendered) takeData(data map[string]string) error {
	if text, ok := data[keyRuntime]; ok {
		if err := sigsyaml.UnmarshalStrict([]byte(text), &r.runtime); err != nil {
			return fmt.Errorf("read the rendered %s: %w", keyRuntime, err)
		}
	}
	if text, ok := data[keyPolicies]; ok {
		var set struct {
			Revision string `json:"revision"`
			Lobbies  []struct {
				Spec struct {
					LobbyType string `json:"lobbyType"`
				} `json:"spec"`
			} `json:"lobbies"`
		}
		if err := sigsyaml.Unmarshal([]byte(text), &set); err != nil {
			return fmt.Errorf("read the rendered %s: %w", keyPolicies, err)
		}
		r.policies, r.revision = []byte(text), set.Revision
		if len(set.Lobbies) > 0 {
			r.lobbyType = set.Lobbies[0].Spec.LobbyType
		}
	}
	return nil
}
