package desired

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// redisProbeScript has Redis read its file of users again when the kubelet has
// renewed it, and then asks for a sign of life. Connections that are logged in stay.
const redisProbeScript = `ask() { redis-cli -s ` + redisSocket + ` --user ` + redisProbeUser + ` --pass - --no-auth-warning "$@"; }
now=$(cksum <` + dirRedisUsers + "/" + KeyRedisUsers + `)
if [ "$now" != "$(cat ` + dirRedisRun + `/users 2>/dev/null)" ]; then
  [ "$(ask ACL LOAD)" = OK ] && echo "$now" >` + dirRedisRun + `/users
fi
[ "$(ask PING)" = PONG ]
`

func redisProbe(period, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"sh", "-c", redisProbeScript}}},
		PeriodSeconds: period, TimeoutSeconds: 3, SuccessThreshold: 1, FailureThreshold: failures,
	}
}

// redisLiveness asks only whether Redis listens: while it loads or is busy with a
// script, a restart would make things worse.
func redisLiveness() *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString(PortNameRedis)}},
		PeriodSeconds: 10, TimeoutSeconds: 5, SuccessThreshold: 1, FailureThreshold: 6,
	}
}
