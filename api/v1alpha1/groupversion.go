package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of every kind in this package.
const GroupName = "realtime.anteroom.dev"

// The kinds of this package.
const (
	KindRealtimeCluster  = "RealtimeCluster"
	KindLobbyPolicy      = "LobbyPolicy"
	KindMatchmakingQueue = "MatchmakingQueue"
)

// GroupVersion is the group and version of every kind in this package.
var GroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1alpha1"}

// SchemeBuilder collects the types that AddToScheme registers.
var SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

// AddToScheme registers the kinds of this package and their lists with a scheme.
var AddToScheme = SchemeBuilder.AddToScheme

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&RealtimeCluster{}, &RealtimeClusterList{},
		&LobbyPolicy{}, &LobbyPolicyList{},
		&MatchmakingQueue{}, &MatchmakingQueueList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
