package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// secretFinder returns the value of a key of a Secret, and whether it is known.
type secretFinder func(ref v1alpha1.KeyReference) (value []byte, found bool, err error)

// manifestExtensions are the extensions of manifests in a directory.
var manifestExtensions = []string{".yaml", ".yml", ".json"}

// sourceFiles lists the files of FILE: the file itself, or the manifests of the
// directory, sorted by name.
func sourceFiles(file string) ([]string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{file}, nil
	}
	entries, err := os.ReadDir(file)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && slices.Contains(manifestExtensions, filepath.Ext(e.Name())) {
			files = append(files, filepath.Join(file, e.Name()))
		}
	}
	return files, nil
}

// secretsOf returns a finder over the Secret objects in the user's file. Their values
// stay on this machine: the manager does not print them.
func secretsOf(file string) secretFinder {
	return func(ref v1alpha1.KeyReference) ([]byte, bool, error) {
		if ref.Name == "" {
			return nil, false, nil
		}
		files, err := sourceFiles(file)
		if err != nil {
			return nil, false, err
		}
		for _, f := range files {
			content, err := os.ReadFile(f)
			if err != nil {
				return nil, false, err
			}
			if value, found, err := findSecret(content, ref); found || err != nil {
				return value, found, err
			}
		}
		return nil, false, nil
	}
}

// secret is the used part of a Secret.
type secret struct {
	Kind     string `yaml:"kind"`
	Metadata struct {
		Name string `yaml:"name"`
	} `yaml:"metadata"`
	Data       map[string]string `yaml:"data"`
	StringData map[string]string `yaml:"stringData"`
}

func findSecret(manifest []byte, ref v1alpha1.KeyReference) (value []byte, found bool, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(manifest))
	for {
		var doc yaml.Node
		if err := decoder.Decode(&doc); errors.Is(err, io.EOF) {
			return nil, false, nil
		} else if err != nil {
			return nil, false, fmt.Errorf("read Secret %q: %w", ref.Name, err)
		}
		var s secret
		if doc.Decode(&s) != nil || s.Kind != "Secret" || s.Metadata.Name != ref.Name {
			continue
		}
		return s.value(ref)
	}
}

// value reads a key; stringData overrides data, as in the API server.
func (s secret) value(ref v1alpha1.KeyReference) ([]byte, bool, error) {
	if text, ok := s.StringData[ref.Key]; ok {
		return []byte(text), true, nil
	}
	text, ok := s.Data[ref.Key]
	if !ok {
		return nil, false, fmt.Errorf("the Secret %q in the file has no key %q: add it", ref.Name, ref.Key)
	}
	value, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, false, fmt.Errorf("key %q of Secret %q in the file is not base64: write it under stringData", ref.Key, ref.Name)
	}
	return value, true, nil
}

// keysDigest returns a hash of the known keys of the cluster's providers; it changes with
// any of them.
func keysDigest(cluster v1alpha1.RealtimeCluster, secrets secretFinder) (string, error) {
	sum := sha256.New()
	for _, p := range cluster.Spec.Auth.Providers {
		ref := keyReference(cluster, p.Name)
		value, found, err := secrets(ref)
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(sum, "%q %q %q %t %d\n", p.Name, ref.Name, ref.Key, found, len(value))
		_, _ = sum.Write(value)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
