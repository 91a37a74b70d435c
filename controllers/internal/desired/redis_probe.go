package desired

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// redisStartScript gives each start of Redis an admin password of its own. Only the pod
// holds it, in memory, so no Secret, no operator and no other pod can change users; a
// restart of the container replaces it. The scripts here need a shell, cat and redis-cli.
const redisStartScript = `set -eu
umask 077
read -r a </proc/sys/kernel/random/uuid
read -r b </proc/sys/kernel/random/uuid
echo "$a$b" >` + redisAdminFile + `
{ cat ` + dirRedisUsers + "/" + KeyRedisUsers + `; echo "user ` + redisAdminUser + ` on >$a$b ` + redisAdminRules + `"; } >` + redisUsersFile + `
exec redis-server ` + dirRedisConfig + "/" + KeyRedisConfig + `
`

// redisProbeScript sets the users of the running Redis to the users of the mounted file, which the
// kubelet updates after a rotation, and then pings. Each ACL SETUSER is atomic and closes no
// connection. A repeat changes nothing, so the script needs no state.
const redisProbeScript = `REDISCLI_AUTH=$(cat ` + redisAdminFile + `) || exit 1
export REDISCLI_AUTH
said=$({
  while read -r user name rules; do
    [ "$user" = user ] && echo "ACL SETUSER $name reset $rules"
  done <` + dirRedisUsers + "/" + KeyRedisUsers + `
  echo PING
} | redis-cli -s ` + redisSocket + ` --user ` + redisAdminUser + ` --no-auth-warning 2>&1)
last=
for last in $said; do
  case $last in OK | PONG) ;; *) echo "$said" >&2; exit 1 ;; esac
done
[ "$last" = PONG ]
`

func redisProbe(period, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: shell(redisProbeScript)}},
		PeriodSeconds: period, TimeoutSeconds: 3, SuccessThreshold: 1, FailureThreshold: failures,
	}
}

// shell returns the command that runs a script.
func shell(script string) []string { return []string{"sh", "-c", strings.TrimSuffix(script, "\n")} }

// redisLiveness checks only that Redis listens: a restart while Redis loads its data or runs a
// script would delay it further.
func redisLiveness() *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString(PortNameRedis)}},
		PeriodSeconds: 10, TimeoutSeconds: 5, SuccessThreshold: 1, FailureThreshold: 6,
	}
}
