// Command chartdocs writes the README of a Helm chart from README.md.gotmpl, with a table
// of the values in place of {{values}}. The comment above a value that begins with "# --
// " describes the value.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

func main() {
	chart := flag.String("chart", "charts/anteroom", "directory of the chart")
	flag.Parse()
	if err := run(*chart); err != nil {
		fmt.Fprintln(os.Stderr, "chartdocs:", err)
		os.Exit(1)
	}
}

func run(chart string) error {
	text, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	if err != nil {
		return err
	}
	page, err := os.ReadFile(filepath.Join(chart, "README.md.gotmpl"))
	if err != nil {
		return err
	}
	table, err := valuesTable(text)
	if err != nil {
		return err
	}
	out := strings.Replace(string(page), "{{values}}", table, 1)
	return os.WriteFile(filepath.Join(chart, "README.md"), []byte(out), 0o644) //nolint:gosec // a document
}

// valuesTable returns the table of a chart's values.
func valuesTable(text []byte) (string, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return "", err
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return "", errors.New("values.yaml is not a mapping")
	}
	var b strings.Builder
	b.WriteString("| value | default | description |\n|---|---|---|\n")
	if err := rows(&b, "", doc.Content[0]); err != nil {
		return "", err
	}
	return b.String(), nil
}

// rows writes a row for each value with a description.
func rows(b *strings.Builder, prefix string, mapping *yaml.Node) error {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		path := prefix + key.Value
		below := value.Kind == yaml.MappingNode && value.Style&yaml.FlowStyle == 0 && len(value.Content) > 0
		if about := description(key.HeadComment); about != "" || !below {
			shown := ""
			if !below {
				var v any
				if err := value.Decode(&v); err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				text, err := json.Marshal(v)
				if err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				shown = "`" + string(text) + "`"
			}
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", path, shown, about)
		}
		if below {
			if err := rows(b, path+".", value); err != nil {
				return err
			}
		}
	}
	return nil
}

func description(comment string) string {
	_, about, found := strings.Cut(comment, "# -- ")
	if !found {
		return ""
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(about, "\n#", "\n")), " ")
}
