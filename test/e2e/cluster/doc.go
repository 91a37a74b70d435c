// Package cluster tests Anteroom on a real Kubernetes cluster: Helm installs the
// operator, the kubelet runs the images, and clients connect through an ingress
// controller with sticky cookies. Each behaviour has a file and a namespace.
//
// `make e2e` creates the cluster and the images and runs the suite. The suite takes
// minutes, so it requires the build tag "e2e".
package cluster
