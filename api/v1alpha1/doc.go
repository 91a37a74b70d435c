// Package v1alpha1 holds the resources of realtime.anteroom.dev: RealtimeCluster
// (socket servers, Redis and how both are reached), LobbyPolicy (the rules of one
// type of lobby) and MatchmakingQueue (how tickets become matches).
//
// Defaults and rules live in the schema, as kubebuilder markers and CEL: an
// object read from the API server has every default filled in, and an object that
// breaks a rule is refused with a text that says what to change.
//
// A rule that reads fields with defaults asks has() first: when a CRD is
// installed, the API server checks the default {} of a struct against the
// struct's rules before the defaults inside it are filled in.
//
// +kubebuilder:object:generate=true
// +groupName=realtime.anteroom.dev
package v1alpha1
