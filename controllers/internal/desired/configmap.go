package desired

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// configMap returns a ConfigMap with a single YAML file under its key.
func configMap(c *v1alpha1.RealtimeCluster, name, key string, content any) (*corev1.ConfigMap, error) {
	text, err := yaml.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", key, err)
	}
	return &corev1.ConfigMap{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: c.Namespace,
			Name:      name,
			Labels:    Labels(c, ComponentServer),
		},
		Data: map[string]string{key: string(text)},
	}, nil
}
