package desired

import corev1 "k8s.io/api/core/v1"

// Numeric users, so that the kubelet can verify that they are not root.
const (
	serverUser int64 = 65532
	redisUser  int64 = 999
)

// podSecurity and containerSecurity together meet Pod Security "restricted". The group owns the
// mounted files.
func podSecurity(user int64) *corev1.PodSecurityContext {
	return &corev1.PodSecurityContext{
		RunAsNonRoot:        ptr(true),
		RunAsUser:           ptr(user),
		RunAsGroup:          ptr(user),
		FSGroup:             ptr(user),
		FSGroupChangePolicy: ptr(corev1.FSGroupChangeOnRootMismatch),
		SeccompProfile:      &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}

func containerSecurity() *corev1.SecurityContext {
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: ptr(false),
		ReadOnlyRootFilesystem:   ptr(true),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
}
