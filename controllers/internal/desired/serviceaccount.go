package desired

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// ServiceAccount is the account of the server pods, without rights and without a token; nil when
// the user names an account.
func ServiceAccount(c *v1alpha1.RealtimeCluster) *corev1.ServiceAccount {
	if c.Spec.Pod.ServiceAccountName != "" {
		return nil
	}
	return &corev1.ServiceAccount{
		TypeMeta:                     metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta:                   objectMeta(c, ComponentServer, ServiceAccountName(c)),
		AutomountServiceAccountToken: ptr(false),
	}
}
