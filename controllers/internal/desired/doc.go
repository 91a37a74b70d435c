// Package desired says what should exist for a RealtimeCluster. Its functions
// are pure: API objects in, Kubernetes objects and configuration out, and the
// same output for the same input. They expect objects with the CRD's defaults
// filled in, as they come from the API server or from package manifest.
package desired
