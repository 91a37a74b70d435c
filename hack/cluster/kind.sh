# kind.sh - a cluster of one node in a Docker container.
kind_name=anteroom

cluster_up() {
  export KUBECONFIG=$state/kubeconfig
  command -v kubectl >/dev/null || PATH=$("$root/hack/envtest/assets.sh"):$PATH
  if ! kind get clusters 2>/dev/null | grep -qx $kind_name; then
    mkdir -p "$state" || fail "cannot write $state; name another folder with ANTEROOM_CLUSTER_DIR"
    free_port >"$state/port"
    kind create cluster --name $kind_name --kubeconfig "$KUBECONFIG" --wait 3m --config - >&2 <<Y
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
- role: control-plane
  extraPortMappings:
  - {containerPort: 30080, hostPort: $(cat "$state/port"), listenAddress: 127.0.0.1}
Y
  fi
  ingress_up
  export E2E_URL=http://localhost:$(cat "$state/port")
}

cluster_down() {
  kind delete cluster --name $kind_name >&2
  rm -rf "$state"
}

cluster_load() { kind load docker-image --name $kind_name "$@" >&2; }
