# node.sh - a real cluster of one node on this machine, without Docker and without a
# registry.
#
# etcd and Kubernetes are built from their Go modules (hack/envtest); containerd, runc and
# the CNI plugins come from Debian. All of them run in a network namespace without an
# external route. This machine reaches the API server and the ingress through Unix
# sockets, at ports of 127.0.0.1.
netns=anteroom
node_name=anteroom-node
node_ip=10.245.0.1
pod_cidr=10.244.0.0/24
service_cidr=10.96.0.0/16
service_ip=10.96.0.1 # of the API server
dns_ip=10.96.0.10    # as in manifests/coredns.yaml
cri_socket=$state/containerd.sock

# in_ns COMMAND...: run in the cluster's network namespace. `ip netns exec` would hide the
# cgroups, because it mounts a new /sys.
in_ns() { nsenter --net=/run/netns/$netns -- "$@"; }

# start NAME COMMAND...: start in the background and record the process id.
start() {
  local name=$1
  shift
  setsid "$@" >>"$state/logs/$name.log" 2>&1 </dev/null 9>&- &
  echo $! >"$state/pids/$name"
}

# start_ns NAME COMMAND...: start in the cluster's network namespace; the command replaces
# nsenter.
start_ns() {
  local name=$1
  shift
  start "$name" nsenter --net=/run/netns/$netns -- "$@"
}

# lives PID: the process runs. A zombie does not run, although it accepts signals.
lives() {
  local stat
  stat=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) && [ -n "$stat" ] && [ "${stat%% *}" != Z ]
}

# stop NAME SECONDS: end a process; kill it after the given time.
stop() {
  local file=$state/pids/$1 pid deadline=$((SECONDS + $2))
  [ -s "$file" ] || return 0
  pid=$(cat "$file")
  rm -f "$file"
  kill "$pid" 2>/dev/null || return 0
  while lives "$pid"; do
    [ $SECONDS -lt $deadline ] || { kill -KILL "$pid" 2>/dev/null || true; return 0; }
    sleep 0.1
  done
}

# only_one: allow a single `up` or `down` at a time.
only_one() {
  exec 9>>"$state.lock"
  flock 9
}

cri() { ctr --address "$cri_socket" --namespace k8s.io "$@"; }

# needs_root: check the requirements of this kind of cluster.
needs_root() {
  [ "$(id -u)" = 0 ] || fail "a cluster on this machine needs root. Run this as root, install kind and Docker, or name a cluster with E2E_KUBECONFIG"
  [ "$(uname -s)" = Linux ] || fail "a cluster on this machine needs Linux. Install kind and Docker, or name a cluster with E2E_KUBECONFIG"
}

# packages: install the missing Debian packages.
packages() {
  local package missing=()
  for package in containerd runc containernetworking-plugins conntrack iptables socat iproute2 kmod openssl buildah busybox-static ca-certificates tzdata; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' $package 2>/dev/null || true)" = installed ] || missing+=($package)
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || fail "missing, and apt-get is not available to install them: ${missing[*]}"
  say "installing ${missing[*]}"
  local log
  log=$(mktemp)
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -q --no-install-recommends "${missing[@]}" >"$log" 2>&1 ||
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
    { cat "$log" >&2; fail "these could not be installed: ${missing[*]}"; }
  rm -f "$log"
}

# The namespace has no external route. A veth pair holds the node's address; its other end
# is unused.
network_up() {
  ip netns add $netns || fail "no network namespace can be made here: this needs a machine, or a container, with CAP_SYS_ADMIN. Name a cluster with E2E_KUBECONFIG instead"
  in_ns ip link set lo up
  in_ns ip link add node type veth peer name nowhere
  in_ns ip address add $node_ip/32 dev node
  in_ns ip link set nowhere up
  in_ns ip link set node up
  # Connections of the node itself to Services need a route; kube-proxy sends them elsewhere.
  in_ns ip route add $service_cidr dev node
  in_ns sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet'
  # This setting exists only after the bridge filter is loaded.
  modprobe br_netfilter 2>/dev/null || true
  in_ns sh -c '[ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables'
}

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key" 2>/dev/null; }

# authority NAME: create a key and a certificate that signs others.
authority() {
  key "$1"
  openssl req -x509 -new -key "$1.key" -subj "/CN=$1" -days 30 -out "$1.crt" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
}

# certificate NAME AUTHORITY SUBJECT USAGE [ALTNAMES]
certificate() {
  key "$1"
  printf 'keyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n' "$4" >"$1.ext"
  [ -z "${5:-}" ] || echo "subjectAltName=$5" >>"$1.ext"
  openssl req -new -key "$1.key" -subj "$3" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days 30 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
}

# write_kubeconfig FILE CERTIFICATE SERVER
write_kubeconfig() {
  (umask 077 && cat >"$1") <<Y
apiVersion: v1
kind: Config
clusters:
- name: anteroom
  cluster: {server: "$3", certificate-authority-data: $(base64 -w0 cluster-ca.crt)}
users:
- name: $2
  user: {client-certificate-data: $(base64 -w0 "$2.crt"), client-key-data: $(base64 -w0 "$2.key")}
contexts:
- name: anteroom
  context: {cluster: anteroom, user: $2}
current-context: anteroom
Y
}

certificates() {
  local name
  cd "$state/pki"
  authority cluster-ca
  authority front-proxy-ca
  certificate apiserver cluster-ca /CN=kube-apiserver serverAuth \
    "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:$service_ip,IP:$node_ip"
  certificate kubelet-client cluster-ca /O=system:masters/CN=kube-apiserver-kubelet-client clientAuth
  certificate front-proxy-client front-proxy-ca /CN=front-proxy-client clientAuth
  certificate admin cluster-ca /O=system:masters/CN=admin clientAuth
  certificate controller-manager cluster-ca /CN=system:kube-controller-manager clientAuth
  certificate scheduler cluster-ca /CN=system:kube-scheduler clientAuth
  certificate proxy cluster-ca /CN=system:kube-proxy clientAuth
  certificate kubelet cluster-ca /O=system:nodes/CN=system:node:$node_name clientAuth,serverAuth "DNS:$node_name,IP:$node_ip,IP:127.0.0.1"
  key service-accounts
  openssl ec -in service-accounts.key -pubout -out service-accounts.pub 2>/dev/null
  for name in controller-manager scheduler proxy kubelet; do
    write_kubeconfig "$state/conf/$name.kubeconfig" $name https://127.0.0.1:6443
  done
  write_kubeconfig "$KUBECONFIG" admin "https://127.0.0.1:$(cat "$state/api-port")"
  cd "$state"
}

# bridge NAME PORT TARGET: forward a loopback port of this machine to an address in the
# namespace.
bridge() {
  start_ns "$1-inside" socat "UNIX-LISTEN:$state/$1.sock,fork" "TCP:$3"
  start "$1-outside" socat "TCP-LISTEN:$2,bind=127.0.0.1,reuseaddr,fork" "UNIX-CONNECT:$state/$1.sock"
}

control_plane_up() {
  local pki=$state/pki
  start_ns etcd etcd --data-dir "$state/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380
  start_ns kube-apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 \
    --bind-address=0.0.0.0 --secure-port=6443 --advertise-address=$node_ip --service-cluster-ip-range=$service_cidr \
    --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/cluster-ca.crt" \
    --kubelet-client-certificate="$pki/kubelet-client.crt" --kubelet-client-key="$pki/kubelet-client.key" \
    --kubelet-certificate-authority="$pki/cluster-ca.crt" --kubelet-preferred-address-types=InternalIP \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-key-file="$pki/service-accounts.pub" --service-account-signing-key-file="$pki/service-accounts.key" \
    --requestheader-client-ca-file="$pki/front-proxy-ca.crt" --requestheader-allowed-names=front-proxy-client \
    --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
    --requestheader-extra-headers-prefix=X-Remote-Extra- \
    --proxy-client-cert-file="$pki/front-proxy-client.crt" --proxy-client-key-file="$pki/front-proxy-client.key" \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true
  bridge api "$(cat "$state/api-port")" 127.0.0.1:6443
  wait_for 120 "the API server" kubectl get --raw /readyz
  start_ns kube-controller-manager kube-controller-manager --kubeconfig="$state/conf/controller-manager.kubeconfig" \
    --authentication-kubeconfig="$state/conf/controller-manager.kubeconfig" \
    --authorization-kubeconfig="$state/conf/controller-manager.kubeconfig" \
    --bind-address=127.0.0.1 --leader-elect=false --use-service-account-credentials=true \
    --cluster-signing-cert-file="$pki/cluster-ca.crt" --cluster-signing-key-file="$pki/cluster-ca.key" --root-ca-file="$pki/cluster-ca.crt" \
    --service-account-private-key-file="$pki/service-accounts.key" \
    --allocate-node-cidrs=true --cluster-cidr=$pod_cidr --node-cidr-mask-size=24 --service-cluster-ip-range=$service_cidr
  start_ns kube-scheduler kube-scheduler --kubeconfig="$state/conf/scheduler.kubeconfig" \
    --authentication-kubeconfig="$state/conf/scheduler.kubeconfig" \
    --authorization-kubeconfig="$state/conf/scheduler.kubeconfig" --bind-address=127.0.0.1 --leader-elect=false
}

containerd_up() {
  cat >"$state/conf/containerd.toml" <<Y
version = 2
root = "$state/containerd"
state = "$state/containerd-run"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "$cri_socket"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  # On a machine that is itself a guest, a process cannot lower its OOM score.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$state/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
Y
  cat >"$state/cni/10-anteroom.conflist" <<Y
{"cniVersion": "1.0.0", "name": "anteroom", "plugins": [
  {"type": "bridge", "bridge": "pods", "isDefaultGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$state/cni-addresses", "ranges": [[{"subnet": "$pod_cidr"}]]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
Y
  start_ns containerd containerd --config "$state/conf/containerd.toml"
  wait_for 60 containerd cri version
}

# cgroups_up: create the parent of all pods' cgroups.
cgroups_up() {
  local controller file
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p /sys/fs/cgroup/anteroom
    for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
      echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || true
    done
    return
  fi
  for controller in /sys/fs/cgroup/*/; do
    mkdir -p "$controller/anteroom" 2>/dev/null || true
  done
  # A new cpuset is empty, so no process can join it yet.
  for file in cpuset.cpus cpuset.mems; do
    cat /sys/fs/cgroup/cpuset/$file >/sys/fs/cgroup/cpuset/anteroom/$file
  done
}

node_up() {
  cgroups_up
  : >"$state/resolv.conf"
  cat >"$state/conf/kubelet.yaml" <<Y
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /anteroom
oomScoreAdj: 0
address: $node_ip
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $state/pki/cluster-ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $state/pki/kubelet.crt
tlsPrivateKeyFile: $state/pki/kubelet.key
containerRuntimeEndpoint: unix://$cri_socket
clusterDNS: ["$dns_ip"]
clusterDomain: cluster.local
resolvConf: $state/resolv.conf
podLogsDir: $state/pod-logs
volumePluginDir: $state/kubelet/volume-plugins
failSwapOn: false
# Images cannot be pulled again.
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
maxPods: 60
Y
  cat >"$state/conf/kube-proxy.yaml" <<Y
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
clusterCIDR: $pod_cidr
hostnameOverride: $node_name
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
oomScoreAdj: 0
clientConnection: {kubeconfig: $state/conf/proxy.kubeconfig}
# These settings are read-only in a namespace.
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
Y
  start_ns kubelet kubelet --config="$state/conf/kubelet.yaml" --kubeconfig="$state/conf/kubelet.kubeconfig" \
    --hostname-override=$node_name --node-ip=$node_ip --root-dir="$state/kubelet" --cert-dir="$state/kubelet/pki"
  start_ns kube-proxy kube-proxy --config="$state/conf/kube-proxy.yaml"
  wait_for 90 "the node" kubectl get node $node_name
  kubectl wait --for=condition=Ready node/$node_name --timeout=120s >&2
}

# volumes_up: create twenty volumes for claims, in folders of the state.
volumes_up() {
  local n
  {
    cat <<Y
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: local
  annotations: {storageclass.kubernetes.io/is-default-class: "true"}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
Y
    for n in {0..19}; do
      mkdir -p "$state/volumes/$n"
      cat <<Y
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: local-$n}
spec:
  capacity: {storage: 8Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: local
  local: {path: $state/volumes/$n}
  nodeAffinity:
    required:
      nodeSelectorTerms:
      - matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [$node_name]}]
Y
    done
  } | kubectl apply -f - >/dev/null
}

# running: all started processes run, and the API server answers.
running() {
  local file
  [ -e "$state/up" ] || return 1
  for file in "$state"/pids/*; do lives "$(cat "$file")" || return 1; done
  kubectl get --raw /readyz >/dev/null 2>&1
}

node_env() {
  export KUBECONFIG=$state/kubeconfig E2E_REDIS_IMAGE=localhost/redis:1
  E2E_URL=http://localhost:$(cat "$state/ingress-port")
  export E2E_URL
}

cluster_up() {
  local binaries archives archive
  needs_root
  only_one
  packages
  binaries=$(KUBEBUILDER_ASSETS='' "$root/hack/envtest/assets.sh" kube-controller-manager kube-scheduler kubelet kube-proxy)
  PATH=$binaries:$PATH
  export KUBECONFIG=$state/kubeconfig
  if running; then
    node_env
    return
  fi
  [ ! -e "$state" ] || { say "removing the remains of an earlier cluster"; cluster_down; }
  mapfile -t archives < <("$here/images.sh" cluster)
  [ ${#archives[@]} = 4 ] || fail "not all images of the cluster could be made"
  local started=$SECONDS
  mkdir -p "$state"/{pki,conf,pids,logs,cni}
  chmod 700 "$state/pki"
  free_port >"$state/api-port"
  free_port >"$state/ingress-port"
  say "starting a cluster in $state"
  network_up
  certificates
  control_plane_up
  containerd_up
  cluster_load "${archives[@]}"
  node_up
  volumes_up
  kubectl apply -f "$here/manifests/coredns.yaml" >/dev/null
  kubectl -n kube-system rollout status deployment/coredns --timeout=120s >&2
  ingress_up localhost/traefik:1
  bridge ingress "$(cat "$state/ingress-port")" $node_ip:30080
  touch "$state/up"
  node_env
  say "the cluster is up after $((SECONDS - started)) s"
}

# containers_down: end the containers while containerd still runs.
containers_down() {
  local id
  for id in $(cri tasks ls -q); do cri tasks kill -s KILL -a "$id" >/dev/null 2>&1 || true; done
  for id in $(cri tasks ls -q); do cri tasks rm -f "$id" >/dev/null 2>&1 || true; done
}

cluster_down() {
  local name path
  needs_root
  only_one
  [ -e "$state" ] || { say "no cluster to end"; return; }
  [ -d "$state/pki" ] || fail "$state is not a cluster's state"
  for name in kubelet kube-proxy kube-scheduler kube-controller-manager; do stop $name 15; done
  [ ! -S "$cri_socket" ] || containers_down
  stop containerd 15
  stop kube-apiserver 2 # a graceful stop would wait for open watches
  for path in "$state"/pids/*; do [ ! -e "$path" ] || stop "$(basename "$path")" 5; done
  awk -v dir="$state/" 'index($2, dir) == 1 {print $2}' /proc/self/mounts | sort -r | while read -r path; do umount -l "$path" || true; done
  ip netns delete $netns 2>/dev/null || true
  for path in /sys/fs/cgroup/anteroom /sys/fs/cgroup/*/anteroom; do
    [ ! -d "$path" ] || find "$path" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  rm -rf "$state"
  say "the cluster has ended"
}

# cluster_load IMAGE|ARCHIVE...
cluster_load() {
  local image archive
  for image; do
    archive=$image
    if [ ! -e "$image" ]; then
      archive=$(mktemp --suffix=.tar)
      rm "$archive"
      buildah push -q "$image" "docker-archive:$archive:$image" >&2
    fi
    cri images import --snapshotter overlayfs "$archive" >/dev/null
    [ "$archive" = "$image" ] || rm -f "$archive"
  done
}
