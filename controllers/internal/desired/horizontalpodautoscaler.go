package desired

import (
	"math"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// maxStabilization is the longest stabilization window that a HorizontalPodAutoscaler allows.
const maxStabilization = time.Hour

// shrinkPeriod is the period in which at most scaleDown.maxPodsPerStep pods are removed.
const shrinkPeriod = time.Minute

// HorizontalPodAutoscaler targets the scale subresource of the cluster, never the Deployment; nil
// when it is disabled.
func HorizontalPodAutoscaler(c *v1alpha1.RealtimeCluster) *autoscalingv2.HorizontalPodAutoscaler {
	s := c.Spec.Scaling
	if s.Mode != v1alpha1.ScalingExternal || s.HPA == nil || s.Max == nil {
		return nil
	}
	least := int32(1)
	if s.Min != nil {
		least = *s.Min
	}
	return &autoscalingv2.HorizontalPodAutoscaler{
		TypeMeta:   metav1.TypeMeta{APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler"},
		ObjectMeta: objectMeta(c, ComponentServer, WorkloadName(c)),
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{
				APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.KindRealtimeCluster, Name: c.Name,
			},
			MinReplicas: ptr(least),
			MaxReplicas: *s.Max,
			Metrics:     hpaMetrics(*s.HPA),
			Behavior:    &autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleDown: hpaShrinks(s.ScaleDown)},
		},
	}
}

// hpaMetrics returns the metrics in the order in which the API server stores them.
func hpaMetrics(h v1alpha1.HPASpec) []autoscalingv2.MetricSpec {
	var all []autoscalingv2.MetricSpec
	for _, m := range []struct {
		resource corev1.ResourceName
		target   *int32
	}{{corev1.ResourceCPU, h.TargetCPUUtilization}, {corev1.ResourceMemory, h.TargetMemoryUtilization}} {
		if m.target != nil {
			all = append(all, autoscalingv2.MetricSpec{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{
				Name:   m.resource,
				Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: m.target},
			}})
		}
	}
	return all
}

// hpaShrinks limits scale-downs like mode Connections.
func hpaShrinks(s v1alpha1.ScaleDownSpec) *autoscalingv2.HPAScalingRules {
	window := min(s.Stabilization.Duration, maxStabilization)
	return &autoscalingv2.HPAScalingRules{
		StabilizationWindowSeconds: ptr(int32(math.Ceil(window.Seconds()))),
		Policies: []autoscalingv2.HPAScalingPolicy{{
			Type: autoscalingv2.PodsScalingPolicy, Value: max(s.MaxPodsPerStep, 1), PeriodSeconds: int32(shrinkPeriod.Seconds()),
		}},
	}
}
