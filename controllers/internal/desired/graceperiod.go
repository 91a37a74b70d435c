package desired

import (
	"math"
	"time"

	"github.com/anteroom/anteroom/api/v1alpha1"
)

// graceMargin is for what a server does before and after its drain.
const graceMargin = 10 * time.Second

// gracePeriod is how long a pod may take to stop, in whole seconds.
func gracePeriod(d v1alpha1.DrainSpec) int64 {
	total := d.Settle.Duration + d.Window.Duration + d.FlushTimeout.Duration + graceMargin
	return int64(math.Ceil(total.Seconds()))
}
