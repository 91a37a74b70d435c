package desired

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// startupProbe gives a server two minutes to listen.
func startupProbe() *corev1.Probe {
	return &corev1.Probe{ProbeHandler: get("/livez"), PeriodSeconds: 1, TimeoutSeconds: 1, SuccessThreshold: 1, FailureThreshold: 120}
}

// readinessProbe has a short period and low thresholds: a draining pod must leave the Service
// before its settle time ends, and a proxy needs most of that time.
func readinessProbe() *corev1.Probe {
	return &corev1.Probe{ProbeHandler: get("/readyz"), PeriodSeconds: 1, TimeoutSeconds: 1, SuccessThreshold: 1, FailureThreshold: 1}
}

// livenessProbe restarts a server that does not answer for half a minute. It does not depend on
// Redis, because a restart of the server does not repair Redis.
func livenessProbe() *corev1.Probe {
	return &corev1.Probe{ProbeHandler: get("/livez"), PeriodSeconds: 10, TimeoutSeconds: 5, SuccessThreshold: 1, FailureThreshold: 3}
}

func get(path string) corev1.ProbeHandler {
	return corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
		Path: path, Port: intstr.FromString(PortNameAdmin), Scheme: corev1.URISchemeHTTP,
	}}
}
