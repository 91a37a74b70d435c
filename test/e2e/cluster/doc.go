// Package cluster proves Anteroom on a real Kubernetes cluster: Helm installs the
// operator, the kubelet runs the images, and clients come through an ingress controller
// with sticky cookies. Each behaviour is a file, and has a namespace of its own.
//
// `make e2e` makes the cluster and the images and runs it; it takes minutes, so that it is
// behind the build tag "e2e".
package cluster
