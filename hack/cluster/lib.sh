# lib.sh - what the scripts of this folder share; they source it.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

say() { printf 'cluster: %s\n' "$*" >&2; }
fail() { say "error: $*"; exit 1; }

# Where a running cluster has its state. It is outside the checkout and the caches: another
# checkout finds the same cluster, and `down` removes all of it.
state=${ANTEROOM_CLUSTER_DIR:-/var/lib/anteroom-cluster}

# provider: what `up`, `down` and `load` work with: the cluster that E2E_KUBECONFIG names,
# kind where Docker runs, or a node of our own on this machine. CLUSTER names one by force.
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

# wait_for SECONDS WHAT COMMAND...: ask twice a second until the command succeeds.
wait_for() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || fail "$what did not come; logs are in $state/logs"
    sleep 0.5
  done
}

# free_port: a TCP port of this machine that nobody listens on.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 10000))
    ss -Hltn "sport = :$port" | grep -q . || { echo $port; return; }
  done
}

# ingress_up [IMAGE]: Traefik as the cluster's ingress controller, of class traefik, at the
# NodePort 30080.
ingress_up() {
  local image=${1:-docker.io/library/traefik:$(sed -n 's#.*github.com/traefik/traefik/v3 \(v[0-9.]*\).*#\1#p' "$here/traefik/go.mod" | head -n 1)}
  sed "s#TRAEFIK_IMAGE#$image#" "$here/manifests/traefik.yaml" | kubectl apply -f - >/dev/null
  kubectl -n traefik rollout status deployment/traefik --timeout=180s >&2
}

# print_env: what a shell needs to use the cluster.
print_env() {
  local name
  for name in KUBECONFIG E2E_URL E2E_REDIS_IMAGE PATH; do
    [ -z "${!name:-}" ] || printf 'export %s=%q\n' "$name" "${!name}"
  done
}
