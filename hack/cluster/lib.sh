# lib.sh - functions that the scripts of this folder source.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

say() { printf 'cluster: %s\n' "$*" >&2; }
fail() { say "error: $*"; exit 1; }

# The state of a running cluster. It is outside the checkout and the caches, so that
# another checkout finds the same cluster, and `down` removes all of it.
state=${ANTEROOM_CLUSTER_DIR:-/var/lib/anteroom-cluster}

# provider: print the kind of cluster for `up`, `down` and `load`: the cluster of
# E2E_KUBECONFIG, kind where Docker runs, or a node on this machine. CLUSTER overrides the
# choice.
provider() {
  if [ -n "${E2E_KUBECONFIG:-}" ]; then
    echo given
  elif [ -n "${CLUSTER:-}" ]; then
    echo "$CLUSTER"
  elif command -v kind >/dev/null && command -v docker >/dev/null && docker info >/dev/null 2>&1; then
    echo kind
  else
    echo node
  fi
}

# use_provider: define cluster_up, cluster_down and cluster_load.
use_provider() {
  local name
  name=$(provider)
  [ -e "$here/$name.sh" ] || fail "CLUSTER=$name: there are only given, kind and node"
  # shellcheck source=/dev/null
  . "$here/$name.sh"
}

# wait_for SECONDS WHAT COMMAND...: run the command twice a second until it succeeds.
wait_for() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || fail "$what did not come; logs are in $state/logs"
    sleep 0.5
  done
}

# free_port: print an unused TCP port of this machine.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 10000))
    ss -Hltn "sport = :$port" | grep -q . || { echo $port; return; }
  done
}

# ingress_up [IMAGE]: install Traefik as the cluster's ingress controller, of class
# traefik, at the NodePort 30080.
ingress_up() {
  local image=${1:-docker.io/library/traefik:$(sed -n 's#.*github.com/traefik/traefik/v3 \(v[0-9.]*\).*#\1#p' "$here/traefik/go.mod" | head -n 1)}
  sed "s#TRAEFIK_IMAGE#$image#" "$here/manifests/traefik.yaml" | kubectl apply -f - >/dev/null
  kubectl -n traefik rollout status deployment/traefik --timeout=180s >&2
}

# print_env: print the shell variables for the cluster.
print_env() {
  local name
  for name in KUBECONFIG E2E_URL E2E_REDIS_IMAGE PATH; do
    [ -z "${!name:-}" ] || printf 'export %s=%q\n' "$name" "${!name}"
  done
}
