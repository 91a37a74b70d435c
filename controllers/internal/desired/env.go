package desired

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// memoryShare of the memory limit, in percent, becomes GOMEMLIMIT; the rest is for stacks, the
// binary and bursts.
const memoryShare = 90

// serverEnv sets the server's address and Go's limits. The user's variables take precedence.
func serverEnv(p v1alpha1.PodSpec) []corev1.EnvVar {
	env := []corev1.EnvVar{{Name: "POD_IP", ValueFrom: &corev1.EnvVarSource{
		FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "status.podIP"},
	}}}
	if limit, ok := p.Resources.Limits["memory"]; ok {
		env = append(env, corev1.EnvVar{Name: "GOMEMLIMIT", Value: strconv.FormatInt(limit.Value()/100*memoryShare, 10)})
	}
	if limit, ok := p.Resources.Limits["cpu"]; ok {
		env = append(env, corev1.EnvVar{Name: "GOMAXPROCS", Value: strconv.FormatInt(max(limit.Value(), 1), 10)})
	}
	env = slices.DeleteFunc(env, func(own corev1.EnvVar) bool {
		return slices.ContainsFunc(p.Env, func(e v1alpha1.EnvVar) bool { return e.Name == own.Name })
	})
	for _, e := range p.Env {
		env = append(env, corev1.EnvVar{Name: e.Name, Value: e.Value, ValueFrom: envSource(e.ValueFrom)})
	}
	return env
}

func envSource(s *v1alpha1.EnvVarSource) *corev1.EnvVarSource {
	switch {
	case s == nil:
		return nil
	case s.SecretKeyRef != nil:
		return &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: s.SecretKeyRef.Name}, Key: s.SecretKeyRef.Key,
		}}
	case s.ConfigMapKeyRef != nil:
		return &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: s.ConfigMapKeyRef.Name}, Key: s.ConfigMapKeyRef.Key,
		}}
	case s.FieldRef != nil:
		return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: s.FieldRef.FieldPath}}
	}
	return nil
}

func serverEnvFrom(sources []v1alpha1.EnvSource) []corev1.EnvFromSource {
	var out []corev1.EnvFromSource
	for _, s := range sources {
		from := corev1.EnvFromSource{Prefix: s.Prefix}
		if s.SecretRef != nil {
			from.SecretRef = &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: s.SecretRef.Name}}
		}
		if s.ConfigMapRef != nil {
			from.ConfigMapRef = &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: s.ConfigMapRef.Name}}
		}
		out = append(out, from)
	}
	return out
}
