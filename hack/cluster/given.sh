# given.sh - the existing cluster of E2E_KUBECONFIG. E2E_URL is the address of its ingress
# controller of class traefik. Images are pushed to IMAGE_REGISTRY, a registry that this
# machine and the cluster can reach.
cluster_up() {
  export KUBECONFIG=$E2E_KUBECONFIG
  [ -n "${E2E_URL:-}" ] || fail "E2E_KUBECONFIG is set, so set E2E_URL too: where its ingress controller of class traefik answers"
  command -v kubectl >/dev/null || PATH=$("$root/hack/envtest/assets.sh"):$PATH
  kubectl version >/dev/null || fail "the cluster of E2E_KUBECONFIG does not answer"
}

cluster_down() { say "the cluster of E2E_KUBECONFIG is not ours to end"; }

cluster_load() {
  local image builder
  builder=$(command -v docker || command -v podman || command -v buildah) || fail "docker, podman or buildah is needed to push images"
  for image; do
    "$builder" push "$image" >&2 || fail "$image could not be pushed; set IMAGE_REGISTRY to a registry that you and the cluster can reach"
  done
}
