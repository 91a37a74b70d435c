package app

import (
	"context"
	"net/http"
	"time"
)

// stop empties the server: see [App.Run].
func (a *App) stop(ctx context.Context, k *core, clients *http.Server, hurry <-chan struct{}) {
	patient, giveUp := context.WithCancel(ctx)
	defer giveUp()
	go func() {
		select {
		case <-hurry:
			giveUp()
		case <-patient.Done():
		}
	}()
	a.log.Info("server is told to stop")
	a.drain.stop(ctx, k, hurry)

	flush, cancel := context.WithTimeout(patient, a.settings.config.Drain.FlushTimeout.Duration)
	defer cancel()
	k.sockets.Drain()
	k.emptied(flush)
	if err := k.sockets.Close(flush); err != nil {
		a.log.Warn("connections were cut off", "error", err)
	}
	k.sessions.Close(flush)
	a.peers.close(flush)
	a.endAPI(flush)
	if err := a.tracing.Close(flush); err != nil {
		a.log.Warn("the last spans were not sent", "error", err)
	}
	if err := clients.Shutdown(flush); err != nil {
		a.log.Warn("requests were cut off", "error", err)
		_ = clients.Close() // there is nothing left to do about it
	}
}

// lookEvery is how often emptied counts.
const lookEvery = 20 * time.Millisecond

// emptied waits until the last connection is closed and the last poll answered, or
// ctx ends.
func (k *core) emptied(ctx context.Context) {
	for (k.sessions.Stats().Connections > 0 || k.sockets.Waiting() > 0) && ctx.Err() == nil {
		sleep(ctx, lookEvery)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
