package exposure

import (
	"math"
	"strconv"
	"time"

	"github.com/anteroom/anteroom/api/v1alpha1"
	"github.com/anteroom/anteroom/controllers/internal/desired"
)

// settings holds the resolved settings that the profiles write.
type settings struct {
	cluster *v1alpha1.RealtimeCluster
	spec    v1alpha1.ExposureSpec
	service string
	path    string
	cookie  cookie
	idle    time.Duration
	// drain is how long a stopping pod still answers.
	drain time.Duration
}

// cookie is the affinity cookie.
type cookie struct {
	wanted   bool
	name     string
	ttl      time.Duration
	secure   bool
	sameSite v1alpha1.SameSite
}

func settingsOf(c *v1alpha1.RealtimeCluster) settings {
	e := c.Spec.Exposure
	s := settings{
		cluster: c, spec: e, service: desired.ClientServiceName(c), path: c.Spec.Engine.Path,
		idle:  e.IdleTimeout.Duration,
		drain: c.Spec.Drain.Settle.Duration + c.Spec.Drain.Window.Duration,
		cookie: cookie{
			wanted: e.Affinity.Type != v1alpha1.AffinityNone, name: e.Affinity.CookieName,
			secure: e.TLS != nil, sameSite: e.Affinity.SameSite,
		},
	}
	if e.Affinity.TTL != nil {
		s.cookie.ttl = e.Affinity.TTL.Duration
	}
	if e.Affinity.Secure != nil {
		s.cookie.secure = *e.Affinity.Secure
	}
	return s
}

// seconds formats a duration in whole seconds, rounded up.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64(math.Ceil(d.Seconds())), 10)
}

func (s settings) withSeconds() string { return seconds(s.idle) + "s" }
