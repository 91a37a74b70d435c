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

// redisProbeScript makes the users of the running Redis those of the mounted file, which
// the kubelet renews after a rotation, and then asks for a sign of life. Each ACL SETUSER
// is atomic and closes no connection; repeating one changes nothing, so the script needs
// no memory of what an earlier probe or an earlier Redis did.
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

// shell runs a script.
func shell(script string) []string { return []string{"sh", "-c", strings.TrimSuffix(script, "\n")} }

// redisLiveness asks only whether Redis listens: while it loads or is busy with a
// script, a restart would make things worse.
func redisLiveness() *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString(PortNameRedis)}},
		PeriodSeconds: 10, TimeoutSeconds: 5, SuccessThreshold: 1, FailureThreshold: 6,
	}
}
