package exposure

import (
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// profile writes the settings of a controller: it returns the Ingress's annotations, and adds other
// settings to the Exposure.
type profile func(settings, *Exposure) map[string]string

var profiles = map[v1alpha1.IngressController]profile{
	v1alpha1.IngressTraefik:         traefik,
	v1alpha1.IngressHAProxyTech:     haproxyTech,
	v1alpha1.IngressHAProxyIngress:  haproxyIngress,
	v1alpha1.IngressF5NGINX:         nginx,
	v1alpha1.IngressNGINXCommunity:  ingressNGINX,
	v1alpha1.IngressAWSLoadBalancer: awsLoadBalancer,
}

// buildIngress writes an Ingress with the settings of its controller. Contour gets its own kind,
// because an Ingress cannot express its settings. Custom gets only the user's annotations.
func buildIngress(s settings, out *Exposure) {
	if s.spec.Ingress.Controller == v1alpha1.IngressContour {
		contour(s, out)
		return
	}
	var own map[string]string
	if write, ok := profiles[s.spec.Ingress.Controller]; ok {
		own = write(s, out)
	}
	out.Objects = append(out.Objects, ingress(s, merge(own, s.spec.Ingress.Annotations)))
}

func ingress(s settings, annotations map[string]string) *networkingv1.Ingress {
	pathType := networkingv1.PathTypePrefix
	object := &networkingv1.Ingress{
		TypeMeta: metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "Ingress"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: s.cluster.Namespace, Name: desired.ExposureName(s.cluster),
			Labels: desired.Labels(s.cluster, desired.ComponentServer), Annotations: annotations,
		},
	}
	if name := s.spec.Ingress.ClassName; name != "" {
		object.Spec.IngressClassName = &name
	}
	if s.spec.TLS != nil {
		object.Spec.TLS = []networkingv1.IngressTLS{{Hosts: s.spec.Hosts, SecretName: s.spec.TLS.SecretName}}
	}
	for _, host := range s.spec.Hosts {
		object.Spec.Rules = append(object.Spec.Rules, networkingv1.IngressRule{
			Host: host,
			IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
				Paths: []networkingv1.HTTPIngressPath{{
					Path: s.path, PathType: &pathType,
					Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
						Name: s.service, Port: networkingv1.ServiceBackendPort{Name: desired.PortNameClient},
					}},
				}},
			}},
		})
	}
	return object
}
