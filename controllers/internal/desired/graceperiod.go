package desired

import (
	"math"
	"time"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// graceMargin is the time that a server needs before and after its drain.
const graceMargin = 10 * time.Second

// gracePeriod returns the termination grace period of a server pod, in whole seconds.
func gracePeriod(d v1alpha1.DrainSpec) int64 {
	total := d.Settle.Duration + d.Window.Duration + d.FlushTimeout.Duration + graceMargin
	return int64(math.Ceil(total.Seconds()))
}
