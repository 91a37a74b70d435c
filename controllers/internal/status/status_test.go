package status

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/yaml"

	configv1 "github.com/anteroom/anteroom/api/config/v1alpha1"
	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
	"github.com/anteroom/anteroom/controllers/internal/desired/exposure"
)

// well is a cluster of two pods of which all is in effect.
func well() Observed {
	replicas := int32(2)
	report := configv1.ServerStatus{PolicyRevision: "r2", Connections: 5, Redis: configv1.RedisStatus{Healthy: true}}
	return Observed{
		Cluster: &v1alpha1.RealtimeCluster{
			ObjectMeta: metav1.ObjectMeta{Namespace: "games", Name: "arena", Generation: 3},
			Spec:       v1alpha1.RealtimeClusterSpec{Replicas: &replicas},
		},
		Revision: "r2", Replicas: replicas, Admitted: true,
		Servers: &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Generation: 4},
			Status:     appsv1.DeploymentStatus{ObservedGeneration: 4, Replicas: 2, ReadyReplicas: 2, UpdatedReplicas: 2},
		},
		Redis: &appsv1.StatefulSet{Status: appsv1.StatefulSetStatus{ReadyReplicas: 1}},
		Pods:  []Pod{{Name: "a", Ready: true, Report: &report}, {Name: "b", Ready: true, Report: &report}},
	}
}

// says returns a pod report with an error of Redis.
func says(text string) *configv1.ServerStatus {
	return &configv1.ServerStatus{PolicyRevision: "r2", Redis: configv1.RedisStatus{Error: text}}
}

// table runs cases of one condition: each changes what is well and names the
// expected "Status/Reason" and a part of the message.
type table map[string]struct {
	change  func(*Observed)
	want    string
	message string
}

func (cases table) run(t *testing.T, observe func(Observed) metav1.Condition) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			o := well()
			if tc.change != nil {
				tc.change(&o)
			}
			got := observe(o)
			if text := string(got.Status) + "/" + got.Reason; text != tc.want {
				t.Errorf("got %s (%s), want %s", text, got.Message, tc.want)
			}
			if !strings.Contains(got.Message, tc.message) {
				t.Errorf("message %q lacks %q", got.Message, tc.message)
			}
		})
	}
}

// memory has the first pod report how full Redis is.
func memory(percent int32) func(*Observed) {
	return func(o *Observed) {
		report := *o.Pods[0].Report
		report.Redis.MemoryPercent = percent
		o.Pods[0].Report = &report
	}
}

// warned is a cluster whose condition warned already.
func warned(o *Observed) {
	o.Cluster.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionRedisReady, Reason: v1alpha1.ReasonRedisMemoryHigh}}
}

func TestRedisReady(t *testing.T) {
	fails := func(text string) func(*Observed) { return func(o *Observed) { o.Pods[1].Report = says(text) } }
	table{
		"well":                     {nil, "True/RedisReachable", "all 2 pods"},
		"no StatefulSet":           {func(o *Observed) { o.Redis = nil }, "False/RedisStarting", "arena-redis"},
		"not ready":                {func(o *Observed) { o.Redis.Status.ReadyReplicas = 0 }, "False/RedisStarting", ""},
		"no pod reports":           {func(o *Observed) { o.Pods = nil }, "Unknown/RedisNotReported", "arena-redis.games.svc:6379"},
		"deleted pods are ignored": {func(o *Observed) { o.Pods[1].Going, o.Pods[1].Report = true, says("x") }, "True/RedisReachable", "all 1 pods"},
		"unreachable":              {fails("dial tcp: connection refused"), "False/RedisUnreachable", "1 of 2 pods cannot use Redis at arena-redis.games.svc:6379; pod b says: dial tcp"},
		"wrong password":           {fails("WRONGPASS invalid username-password pair"), "False/RedisAuthFailed", ""},
		"no password":              {fails("NOAUTH Authentication required."), "False/RedisAuthFailed", ""},
		"few rights":               {fails("NOPERM this user has no permissions"), "False/RedisAuthFailed", ""},
		"a replica":                {fails("write: READONLY You can't write against a read only replica."), "False/RedisNotWritable", ""},
		"full":                     {fails("OOM command not allowed"), "False/RedisNotWritable", ""},
		"disk":                     {fails("MISCONF Redis is configured to save"), "False/RedisNotWritable", ""},
		"a cluster":                {fails("MOVED 1234 10.0.0.1:6379"), "False/RedisWrongTopology", ""},
		"no cluster":               {fails("ERR This instance has cluster support disabled"), "False/RedisWrongTopology", ""},
		"memory below the bound":   {memory(75), "True/RedisReachable", ""},
		"memory at the bound": {memory(80), "True/MemoryHigh",
			"Redis uses 80 % of its memory limit; from 90 % on servers refuse new messages and objects, from 97 % changes: raise spec.redis.managed.resources.limits.memory"},
		"memory of the fullest": {func(o *Observed) { memory(95)(o); memory(60)(&Observed{Pods: o.Pods[1:]}) }, "True/MemoryHigh", "95 %"},
		"a limit to raise": {func(o *Observed) {
			memory(80)(o)
			o.Cluster.Spec.Redis.Managed.Resources.Limits = map[string]resource.Quantity{"memory": resource.MustParse("256Mi")}
		}, "True/MemoryHigh", "(now 256Mi, of which"},
		"it warned before, and is a little lower": {func(o *Observed) { memory(75)(o); warned(o) }, "True/MemoryHigh", "75 %"},
		"it warned before, and is lower":          {func(o *Observed) { memory(70)(o); warned(o) }, "True/RedisReachable", ""},
		"full memory of an external Redis": {func(o *Observed) {
			memory(85)(o)
			o.Redis = nil
			o.Cluster.Spec.Redis = v1alpha1.RedisSpec{Mode: v1alpha1.RedisExternal, External: &v1alpha1.ExternalRedis{Addresses: []string{"r:1"}}}
		}, "True/MemoryHigh", "raise maxmemory of the Redis at r:1"},
		"unreachable and full": {func(o *Observed) { memory(95)(o); fails("dial tcp: connection refused")(o) }, "False/RedisUnreachable", ""},
		"external": {func(o *Observed) {
			o.Redis = nil
			o.Cluster.Spec.Redis = v1alpha1.RedisSpec{Mode: v1alpha1.RedisExternal, External: &v1alpha1.ExternalRedis{Addresses: []string{"r:1"}}}
		}, "True/RedisReachable", "at r:1"},
	}.run(t, RedisReady)
}

func TestWorkloadAvailable(t *testing.T) {
	half := intstr.FromString("50%")
	table{
		"well":           {nil, "True/MinimumReplicasAvailable", "2 of 2"},
		"one is missing": {func(o *Observed) { o.Servers.Status.ReadyReplicas = 1 }, "True/MinimumReplicasAvailable", "1 of 2"},
		"none is ready":  {func(o *Observed) { o.Servers.Status.ReadyReplicas = 0 }, "False/ReplicasUnavailable", "0 of 2"},
		"no Deployment":  {func(o *Observed) { o.Servers = nil }, "False/ReplicasUnavailable", ""},
		"scaled to zero": {func(o *Observed) { o.Replicas = 0 }, "False/ScaledToZero", ""},
		"a percentage":   {func(o *Observed) { o.Replicas, o.Cluster.Spec.Disruption.MaxUnavailable = 4, &half }, "True/MinimumReplicasAvailable", "2 of 4"},
		"below it":       {func(o *Observed) { o.Replicas, o.Cluster.Spec.Disruption.MaxUnavailable = 6, &half }, "False/ReplicasUnavailable", "2 of 6"},
		"the pod at fault": {func(o *Observed) {
			o.Servers.Status.ReadyReplicas = 0
			o.Pods[0].Problem = "CrashLoopBackOff: back-off"
		}, "False/ReplicasUnavailable", "pod a: CrashLoopBackOff: back-off"},
		"many at fault": {func(o *Observed) {
			o.Servers.Status.ReadyReplicas, o.Pods = 0, nil
			for _, name := range []string{"a", "b", "c", "d", "e"} {
				o.Pods = append(o.Pods, Pod{Name: name, Problem: "x"})
			}
		}, "False/ReplicasUnavailable", "pod c: x; and 2 more"},
	}.run(t, WorkloadAvailable)
}

func TestProgressing(t *testing.T) {
	table{
		"well":               {nil, "False/RolloutComplete", ""},
		"just written":       {func(o *Observed) { o.Changed = true }, "True/RolloutInProgress", ""},
		"no Deployment":      {func(o *Observed) { o.Servers = nil }, "True/RolloutInProgress", ""},
		"not seen yet":       {func(o *Observed) { o.Servers.Generation++ }, "True/RolloutInProgress", ""},
		"old pods":           {func(o *Observed) { o.Servers.Status.UpdatedReplicas = 1 }, "True/RolloutInProgress", "1 of 2"},
		"old pods that go":   {func(o *Observed) { o.Servers.Status.Replicas = 3 }, "True/RolloutInProgress", ""},
		"growing":            {func(o *Observed) { o.Replicas = 3 }, "True/Scaling", "3 are wanted"},
		"not ready":          {func(o *Observed) { o.Servers.Status.ReadyReplicas = 1 }, "True/Scaling", "1 ready"},
		"paused in between":  {func(o *Observed) { o.Servers.Spec.Paused, o.Servers.Status.UpdatedReplicas = true, 1 }, "False/RolloutsPaused", "1 of 2"},
		"paused and current": {func(o *Observed) { o.Servers.Spec.Paused = true }, "False/RolloutComplete", ""},
		"a broken image": {func(o *Observed) {
			o.Servers.Status.UpdatedReplicas = 1
			o.Pods = append(o.Pods, Pod{Name: "c", Problem: "ImagePullBackOff"})
		}, "False/RolloutStalled", "pod c: ImagePullBackOff"},
		"past its deadline": {func(o *Observed) {
			o.Servers.Status.UpdatedReplicas = 1
			o.Servers.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded"}}
		}, "False/RolloutStalled", ""},
	}.run(t, Progressing)
}

func TestExposureReady(t *testing.T) {
	kind := func(k v1alpha1.ExposureType, more func(*Observed)) func(*Observed) {
		return func(o *Observed) {
			o.Cluster.Spec.Exposure.Type = k
			if more != nil {
				more(o)
			}
		}
	}
	ingress, gateway := v1alpha1.ExposureIngress, v1alpha1.ExposureGateway
	table{
		"none":         {nil, "True/NotExposed", ""},
		"well":         {kind(ingress, nil), "True/Exposed", "Ingress"},
		"not admitted": {kind(ingress, func(o *Observed) { o.Admitted = false }), "False/NotYetAdmitted", "className"},
		"no Gateway":   {kind(gateway, func(o *Observed) { o.Admitted = false }), "False/NotYetAdmitted", "HTTPRoute"},
		"no Contour": {kind(ingress, func(o *Observed) {
			o.Admitted, o.Cluster.Spec.Exposure.Ingress.Controller = false, v1alpha1.IngressContour
		}), "False/NotYetAdmitted", "HTTPProxy"},
		"missing kind":    {kind(gateway, func(o *Observed) { o.MissingKinds = []string{"HTTPRoute (x)"} }), "False/KindNotInstalled", "HTTPRoute (x)"},
		"not all of it":   {kind(ingress, func(o *Observed) { o.Exposure = exposure.Exposure{Missing: []string{"m1", "m2"}} }), "True/PartiallySupported", "m1; m2"},
		"no affinity":     {kind(gateway, func(o *Observed) { o.Exposure = exposure.Exposure{NoAffinity: true, Missing: []string{"m"}} }), "True/AffinityUnsupported", "m"},
		"retired":         {kind(ingress, func(o *Observed) { o.Exposure = exposure.Exposure{Retired: "old"} }), "True/ControllerRetired", "old"},
		"retired, partly": {kind(ingress, func(o *Observed) { o.Exposure = exposure.Exposure{Retired: "old", Missing: []string{"m"}} }), "True/ControllerRetired", "old; m"},
	}.run(t, ExposureReady)
}

func TestPoliciesPropagated(t *testing.T) {
	table{
		"well":                        {nil, "True/AllPodsCurrent", "all 2 pods apply revision r2"},
		"one behind":                  {func(o *Observed) { o.Pods[1].Report = &configv1.ServerStatus{PolicyRevision: "r1"} }, "False/PodsBehind", "behind: b"},
		"one silent":                  {func(o *Observed) { o.Pods[0].Report = nil }, "False/PodsBehind", "behind: a"},
		"not ready counts not":        {func(o *Observed) { o.Pods[0].Report, o.Pods[0].Ready = nil, false }, "True/AllPodsCurrent", "all 1 pods"},
		"no pods":                     {func(o *Observed) { o.Pods = nil }, "Unknown/NoPods", ""},
		"a pod that is being deleted": {func(o *Observed) { o.Pods[0].Report, o.Pods[0].Going = nil, true }, "True/AllPodsCurrent", ""},
	}.run(t, PoliciesPropagated)
}

func TestPaused(t *testing.T) {
	mode := func(m v1alpha1.PauseMode) func(*Observed) { return func(o *Observed) { o.Cluster.Spec.Paused = m } }
	table{
		"not":      {mode(v1alpha1.PauseNone), "False/NotPaused", ""},
		"rollouts": {mode(v1alpha1.PauseRollouts), "True/RolloutsPaused", ""},
		"all":      {mode(v1alpha1.PauseAll), "True/AllPaused", ""},
	}.run(t, Paused)
}

func TestReady(t *testing.T) {
	observe := func(o Observed) metav1.Condition {
		for _, c := range Cluster(o).Conditions {
			if c.Type == v1alpha1.ConditionReady {
				return c
			}
		}
		return metav1.Condition{}
	}
	table{
		"well":           {nil, "True/AllReady", ""},
		"foreign object": {func(o *Observed) { o.Failures = []Failure{{v1alpha1.ReasonObjectConflict, "Service x"}} }, "False/ObjectConflict", "Service x"},
		"missing Secret": {func(o *Observed) { o.Missing = []string{"no Secret"} }, "False/ReferenceNotFound", "no Secret"},
		"Redis":          {func(o *Observed) { o.Redis = nil }, "False/RedisNotReady", "arena-redis"},
		"workload":       {func(o *Observed) { o.Servers.Status.ReadyReplicas = 0 }, "False/WorkloadNotAvailable", ""},
		"exposure":       {func(o *Observed) { o.Cluster.Spec.Exposure.Type, o.Admitted = v1alpha1.ExposureIngress, false }, "False/ExposureNotReady", ""},
		"policies":       {func(o *Observed) { o.Revision = "r3" }, "False/PoliciesNotPropagated", ""},
		"roll-out":       {func(o *Observed) { o.Servers.Status.UpdatedReplicas = 1 }, "False/RolloutInProgress", ""},
		"broken image": {func(o *Observed) {
			o.Servers.Status.UpdatedReplicas = 1
			o.Pods = append(o.Pods, Pod{Name: "c", Problem: "ErrImagePull"})
		}, "False/RolloutStalled", "pod c"},
		"paused roll-out": {func(o *Observed) { o.Servers.Spec.Paused, o.Servers.Status.UpdatedReplicas = true, 1 }, "True/AllReady", ""},
	}.run(t, observe)
}

func TestCluster(t *testing.T) {
	o := well()
	o.Exposure.URL = "https://rt.example.com/socket.io/"
	o.Pods[1].Report = &configv1.ServerStatus{PolicyRevision: "r2", Connections: 9, Redis: configv1.RedisStatus{Healthy: true}}
	got := Cluster(o)
	for _, c := range got.Conditions {
		if c.ObservedGeneration != 3 {
			t.Errorf("%s is about generation %d", c.Type, c.ObservedGeneration)
		}
	}
	o.Cluster.Status = got
	if diff := cmp.Diff(got, Cluster(o)); diff != "" {
		t.Errorf("the same again differs:\n%s", diff)
	}
	got.Conditions = nil
	want := v1alpha1.RealtimeClusterStatus{
		ObservedGeneration: 3, Replicas: 2, ReadyReplicas: 2, UpdatedReplicas: 2,
		Selector:    "app.kubernetes.io/component=server,app.kubernetes.io/instance=arena,app.kubernetes.io/name=anteroom",
		Connections: &v1alpha1.ConnectionsStatus{Total: 14, PerPodMin: 5, PerPodMax: 9},
		URL:         "https://rt.example.com/socket.io/", PolicyRevision: "r2",
		Redis: &v1alpha1.RedisStatus{Address: "arena-redis.games.svc:6379"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPropagationNamesAtMostTen(t *testing.T) {
	var pods []Pod
	for range 15 {
		pods = append(pods, Pod{Name: "p", Ready: true})
	}
	if got := Propagation(pods, "r"); got.Total != 15 || got.Applied != 0 || len(got.Behind) != maxBehind {
		t.Errorf("%+v", got)
	}
}

func TestPolicyStatusOf(t *testing.T) {
	off := false
	for name, tc := range map[string]struct {
		change func(*Policy)
		want   []string
	}{
		"in effect":     {func(*Policy) {}, []string{"Accepted True/Accepted", "Propagated True/AllPodsCurrent"}},
		"no cluster":    {func(p *Policy) { p.Cluster = nil }, []string{"Accepted False/ClusterNotFound", "Propagated False/ClusterNotFound"}},
		"not selected":  {func(p *Policy) { p.Selected = false }, []string{"Accepted False/NotSelected", "Propagated False/NotSelected"}},
		"a duplicate":   {func(p *Policy) { p.Problem = &desired.Problem{Reason: desired.ReasonDuplicateLobbyType} }, []string{"Accepted False/LobbyTypeTaken", "Propagated False/LobbyTypeTaken"}},
		"one too many":  {func(p *Policy) { p.Problem = &desired.Problem{Reason: desired.ReasonTooMany} }, []string{"Accepted False/TooMany", "Propagated False/TooMany"}},
		"not served":    {func(p *Policy) { p.Cluster.Spec.Features.Lobby.Enabled = &off }, []string{"Accepted False/FeatureDisabled", "Propagated False/FeatureDisabled"}},
		"another off":   {func(p *Policy) { p.Cluster.Spec.Features.Matchmaking.Enabled = &off }, []string{"Accepted True/Accepted", "Propagated True/AllPodsCurrent"}},
		"pods are late": {func(p *Policy) { p.SetRevision = "r3" }, []string{"Accepted True/Accepted", "Propagated False/PodsBehind"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := well()
			p := Policy{Kind: v1alpha1.KindLobbyPolicy, Cluster: o.Cluster, ClusterName: "arena", Selected: true, SetRevision: "r2", Revision: "own", Pods: o.Pods}
			tc.change(&p)
			got := PolicyStatusOf(p, nil)
			var texts []string
			for _, c := range got.Conditions {
				texts = append(texts, c.Type+" "+string(c.Status)+"/"+c.Reason)
			}
			if diff := cmp.Diff(tc.want, texts); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPodOf(t *testing.T) {
	waiting := func(reason, message string, last *corev1.ContainerStateTerminated) corev1.PodStatus {
		return corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}},
			LastTerminationState: corev1.ContainerState{Terminated: last},
		}}}
	}
	condition := func(kind corev1.PodConditionType, status corev1.ConditionStatus, reason string) corev1.PodStatus {
		return corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: kind, Status: status, Reason: reason, Message: "why"}}}
	}
	for name, tc := range map[string]struct {
		status corev1.PodStatus
		want   Pod
	}{
		"ready":         {condition(corev1.PodReady, corev1.ConditionTrue, ""), Pod{Ready: true}},
		"not ready":     {condition(corev1.PodReady, corev1.ConditionFalse, ""), Pod{}},
		"starting":      {waiting("ContainerCreating", "", nil), Pod{}},
		"no image":      {waiting("ErrImagePull", "not found", nil), Pod{Problem: "ErrImagePull: not found"}},
		"crashing":      {waiting("CrashLoopBackOff", "", &corev1.ContainerStateTerminated{ExitCode: 2, Message: "bad config"}), Pod{Problem: "CrashLoopBackOff (it ended with 2: bad config)"}},
		"unschedulable": {condition(corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonUnschedulable), Pod{Problem: "Unschedulable: why"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, PodOf(&corev1.Pod{Status: tc.status})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRouteAccepted(t *testing.T) {
	const accepts, refuses = "conditions: [{type: ResolvedRefs, status: 'False'}, {type: Accepted, status: 'True'}]", "conditions: [{type: Accepted, status: 'False'}]"
	for name, tc := range map[string]struct {
		wanted, parents string
		want            bool
	}{
		"accepted":            {"[{name: a}]", "[{parentRef: {name: a}, " + accepts + "}]", true},
		"with its defaults":   {"[{name: a}]", "[{parentRef: {group: gateway.networking.k8s.io, kind: Gateway, namespace: games, name: a}, " + accepts + "}]", true},
		"refused":             {"[{name: a}]", "[{parentRef: {name: a}, " + refuses + "}]", false},
		"not seen yet":        {"[{name: a}]", "[]", false},
		"no parents":          {"[]", "[]", false},
		"another's":           {"[{name: a}]", "[{parentRef: {name: b}, " + accepts + "}]", false},
		"another kind's":      {"[{name: a}]", "[{parentRef: {kind: XListenerSet, name: a}, " + accepts + "}]", false},
		"another namespace's": {"[{name: a}]", "[{parentRef: {namespace: edge, name: a}, " + accepts + "}]", false},
		"another listener's":  {"[{name: a, sectionName: https}]", "[{parentRef: {name: a, sectionName: http}, " + accepts + "}]", false},
		"another port's":      {"[{name: a, port: 443}]", "[{parentRef: {name: a, port: 80}, " + accepts + "}]", false},
		"both":                {"[{name: a}, {name: b, port: 443}]", "[{parentRef: {name: b, port: 443}, " + accepts + "}, {parentRef: {name: a}, " + accepts + "}]", true},
		"one of two":          {"[{name: a}, {name: b}]", "[{parentRef: {name: a}, " + accepts + "}, {parentRef: {name: b}, " + refuses + "}]", false},
		"a removed parent":    {"[{name: b}]", "[{parentRef: {name: a}, " + accepts + "}, {parentRef: {name: b}, " + refuses + "}]", false},
		"by one controller":   {"[{name: a}]", "[{parentRef: {name: a}, " + accepts + "}, {parentRef: {name: a}, " + refuses + "}]", true},
		"as it is now":        {"[{name: a}]", "[{parentRef: {name: a}, conditions: [{type: Accepted, status: 'True', observedGeneration: 3}]}]", true},
		"as it was":           {"[{name: a}]", "[{parentRef: {name: a}, conditions: [{type: Accepted, status: 'True', observedGeneration: 2}]}]", false},
	} {
		var route map[string]any
		text := "{metadata: {namespace: games, generation: 3}, spec: {parentRefs: " + tc.wanted + "}, status: {parents: " + tc.parents + "}}"
		if err := yaml.Unmarshal([]byte(text), &route); err != nil {
			t.Fatal(name, err)
		}
		if got := RouteAccepted(route); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if RouteAccepted(map[string]any{}) {
		t.Error("an empty route is accepted")
	}
}

func TestHTTPProxyValid(t *testing.T) {
	proxy := map[string]any{"status": map[string]any{"currentStatus": "valid"}}
	if !HTTPProxyValid(proxy) || HTTPProxyValid(map[string]any{}) {
		t.Error("HTTPProxyValid reads the wrong thing")
	}
}
