package manifest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Stdin is the path that means standard input.
const Stdin = "-"

// maxSize bounds a file, in bytes; larger manifests are refused.
const maxSize = 8 << 20

// extensions are the file name extensions of manifests in a directory.
var extensions = []string{".yaml", ".yml", ".json"}

// Source is a file of the input.
type Source struct {
	// Name is the path, or "stdin".
	Name    string
	Content []byte
}

// Read reads files, the manifests of directories (without subdirectories, sorted by name) and, for
// "-", stdin. The error names all unreadable paths.
func Read(paths []string, stdin io.Reader) ([]Source, error) {
	var sources []Source
	var failures []error
	for _, path := range paths {
		more, err := read(path, stdin)
		sources = append(sources, more...)
		failures = append(failures, err)
	}
	return sources, errors.Join(failures...)
}

func read(path string, stdin io.Reader) ([]Source, error) {
	if path == Stdin {
		content, err := readAll("stdin", stdin)
		return []Source{{Name: "stdin", Content: content}}, err
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: there is no such file or directory", path)
	} else if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return readDirectory(path)
	}
	return readFile(path)
}

func readDirectory(path string) ([]Source, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var sources []Source
	var failures []error
	for _, e := range entries {
		if e.IsDir() || !slices.Contains(extensions, filepath.Ext(e.Name())) {
			continue
		}
		more, err := readFile(filepath.Join(path, e.Name()))
		sources = append(sources, more...)
		failures = append(failures, err)
	}
	if len(sources) == 0 && errors.Join(failures...) == nil {
		return nil, fmt.Errorf("%s: there is no .yaml, .yml or .json file in this directory", path)
	}
	return sources, errors.Join(failures...)
}

func readFile(path string) ([]Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	content, err := readAll(path, f)
	if err != nil {
		return nil, err
	}
	return []Source{{Name: path, Content: content}}, nil
}

func readAll(name string, r io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(content) > maxSize {
		return nil, fmt.Errorf("%s: larger than %d MiB: split it", name, maxSize>>20)
	}
	return content, nil
}
