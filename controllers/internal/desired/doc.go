// Package desired builds the objects that should exist for a RealtimeCluster. Its functions are
// pure and deterministic: API objects in, Kubernetes objects and configuration out. Their input has
// the defaults of the CRDs, set by the API server or by package manifest.
package desired
