package v1alpha1

// The condition types of a RealtimeCluster.
const (
	// ConditionReady: clients can connect and the spec is in effect.
	ConditionReady = "Ready"
	// ConditionRedisReady: the pods reach Redis.
	ConditionRedisReady = "RedisReady"
	// ConditionWorkloadAvailable: enough server pods are ready.
	ConditionWorkloadAvailable = "WorkloadAvailable"
	// ConditionExposureReady: the declared way in from outside is there.
	ConditionExposureReady = "ExposureReady"
	// ConditionPoliciesPropagated: every pod applies the newest policies.
	ConditionPoliciesPropagated = "PoliciesPropagated"
	// ConditionProgressing: a roll-out or a change of size is under way.
	ConditionProgressing = "Progressing"
	// ConditionPaused: the user paused the operator for some or all objects.
	ConditionPaused = "Paused"
)

// The condition types of a LobbyPolicy and a MatchmakingQueue.
const (
	// ConditionAccepted: the object is part of its cluster's policies.
	ConditionAccepted = "Accepted"
	// ConditionPropagated: every pod of the cluster applies it.
	ConditionPropagated = "Propagated"
)

// Reasons of Ready.
const (
	// ReasonAllReady: every other condition is as it should be.
	ReasonAllReady = "AllReady"
	// ReasonRedisNotReady: see RedisReady.
	ReasonRedisNotReady = "RedisNotReady"
	// ReasonWorkloadNotAvailable: see WorkloadAvailable.
	ReasonWorkloadNotAvailable = "WorkloadNotAvailable"
	// ReasonExposureNotReady: see ExposureReady.
	ReasonExposureNotReady = "ExposureNotReady"
	// ReasonPoliciesNotPropagated: see PoliciesPropagated.
	ReasonPoliciesNotPropagated = "PoliciesNotPropagated"
	// ReasonObjectConflict: an object with a needed name has another controller.
	ReasonObjectConflict = "ObjectConflict"
	// ReasonSecretsForbidden: the namespace was not opened to the operator.
	ReasonSecretsForbidden = "SecretsForbidden"
	// ReasonApplyFailed: the API server refused an object.
	ReasonApplyFailed = "ApplyFailed"
)

// Reasons of RedisReady.
const (
	// ReasonRedisReachable: the probe succeeds.
	ReasonRedisReachable = "RedisReachable"
	// ReasonRedisMemoryHigh: the probe succeeds, and Redis nears its memory limit, at
	// which servers refuse requests. The condition is True.
	ReasonRedisMemoryHigh = "MemoryHigh"
	// ReasonRedisStarting: a managed Redis is not up yet.
	ReasonRedisStarting = "RedisStarting"
	// ReasonRedisUnreachable: pods report that the probe fails.
	ReasonRedisUnreachable = "RedisUnreachable"
	// ReasonRedisAuthFailed: Redis refuses the credentials, or their rights are too few.
	ReasonRedisAuthFailed = "RedisAuthFailed"
	// ReasonRedisNotWritable: Redis is a replica, full, or cannot write its files.
	ReasonRedisNotWritable = "RedisNotWritable"
	// ReasonRedisWrongTopology: Redis is not laid out as redis.external.topology says.
	ReasonRedisWrongTopology = "RedisWrongTopology"
	// ReasonRedisNotReported: no pod has reported the state of Redis yet.
	ReasonRedisNotReported = "RedisNotReported"
)

// Reasons of WorkloadAvailable and Progressing.
const (
	// ReasonMinimumReplicasAvailable: enough pods are ready.
	ReasonMinimumReplicasAvailable = "MinimumReplicasAvailable"
	// ReasonReplicasUnavailable: too few pods are ready.
	ReasonReplicasUnavailable = "ReplicasUnavailable"
	// ReasonScaledToZero: no pods are wanted.
	ReasonScaledToZero = "ScaledToZero"
	// ReasonRolloutInProgress: pods are being replaced.
	ReasonRolloutInProgress = "RolloutInProgress"
	// ReasonRolloutComplete: every pod runs the newest template.
	ReasonRolloutComplete = "RolloutComplete"
	// ReasonRolloutStalled: new pods do not become ready.
	ReasonRolloutStalled = "RolloutStalled"
	// ReasonScaling: the number of pods is changing.
	ReasonScaling = "Scaling"
)

// Reasons of ExposureReady.
const (
	// ReasonNotExposed: exposure.type is None, so there is nothing to wait for.
	ReasonNotExposed = "NotExposed"
	// ReasonExposed: the Ingress or route is in effect.
	ReasonExposed = "Exposed"
	// ReasonPartiallySupported: it works, but the controller cannot express all that was asked for.
	ReasonPartiallySupported = "PartiallySupported"
	// ReasonNotYetAdmitted: the controller has not taken it up yet.
	ReasonNotYetAdmitted = "NotYetAdmitted"
	// ReasonAnnotationRefused: an annotation would write lines of the ingress controller's
	// configuration, which the operator's administrator has not allowed.
	ReasonAnnotationRefused = "AnnotationRefused"
	// ReasonAffinityUnsupported: the controller knows no cookie affinity; pods forward.
	ReasonAffinityUnsupported = "AffinityUnsupported"
	// ReasonControllerRetired: it works, and its controller gets no more fixes.
	ReasonControllerRetired = "ControllerRetired"
	// ReasonKindNotInstalled: an API that is needed is not installed.
	ReasonKindNotInstalled = "KindNotInstalled"
)

// Reasons of PoliciesPropagated and Propagated.
const (
	// ReasonAllPodsCurrent: every pod reports the newest revision.
	ReasonAllPodsCurrent = "AllPodsCurrent"
	// ReasonPodsBehind: some pods report an older revision.
	ReasonPodsBehind = "PodsBehind"
	// ReasonNoPods: there is no pod that could apply it.
	ReasonNoPods = "NoPods"
	// ReasonInvalidSelector: policySelector means nothing, so that no policy applies.
	ReasonInvalidSelector = "InvalidSelector"
)

// Reasons of Paused.
const (
	// ReasonNotPaused: spec.paused is None.
	ReasonNotPaused = "NotPaused"
	// ReasonRolloutsPaused: spec.paused is Rollouts.
	ReasonRolloutsPaused = "RolloutsPaused"
	// ReasonAllPaused: spec.paused is All.
	ReasonAllPaused = "AllPaused"
)

// Reasons of Accepted.
const (
	// ReasonAccepted: the object is in effect.
	ReasonAccepted = "Accepted"
	// ReasonClusterNotFound: clusterRef names no RealtimeCluster of the namespace.
	ReasonClusterNotFound = "ClusterNotFound"
	// ReasonNotSelected: the cluster's policySelector does not pick the object.
	ReasonNotSelected = "NotSelected"
	// ReasonLobbyTypeTaken: an older LobbyPolicy has the same lobbyType.
	ReasonLobbyTypeTaken = "LobbyTypeTaken"
	// ReasonReferenceNotFound: a Secret, ConfigMap or LobbyPolicy it names is not there.
	ReasonReferenceNotFound = "ReferenceNotFound"
	// ReasonReferenceInvalid: the named object exists and cannot be used.
	ReasonReferenceInvalid = "ReferenceInvalid"
	// ReasonSecretNotLabelled: a Secret it names lacks the label [LabelAllowPolicies]. While
	// Accepted is True, the Secret was named before the label was asked for and is still in
	// force; a later version of the operator will refuse it.
	ReasonSecretNotLabelled = "SecretNotLabelled"
	// ReasonTooMany: the cluster has the most objects of this kind already.
	ReasonTooMany = "TooMany"
	// ReasonTooLarge: the policies and queues of the cluster leave no room for it.
	ReasonTooLarge = "TooLarge"
	// ReasonFeatureDisabled: the cluster does not serve the feature.
	ReasonFeatureDisabled = "FeatureDisabled"
)
