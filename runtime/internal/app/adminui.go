package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/anteroom/anteroom/runtime/internal/edge/adminui"
	"github.com/anteroom/anteroom/runtime/internal/edge/session"
)

// newAdminUI is nil where there is no token to sign in with.
func (a *App) newAdminUI() (*adminui.UI, error) {
	file := a.settings.config.API.TokenFile
	if file == "" {
		return nil, nil
	}
	ui, err := adminui.New(adminui.Options{
		Token:   func() (string, error) { return readCredential(file) },
		Servers: a.reports, Connections: a.newest, Log: a.log,
	})
	if err != nil {
		return nil, fmt.Errorf("admin UI: %w", err)
	}
	return ui, nil
}

// reports are those of the fleet's servers that answer.
func (a *App) reports(ctx context.Context) (all []adminui.Report) {
	for _, p := range a.fleet.report(ctx, a).Pods {
		if p.Status == nil {
			continue
		}
		host := p.Status.Pod
		if i := strings.LastIndexByte(host, '-'); i > 0 {
			host = host[:i]
		}
		all = append(all, adminui.Report{
			Pod: p.Status.Pod, Host: host, UptimeSeconds: p.Status.UptimeSeconds, Sessions: p.Status.Connections,
			Transports: int(p.Figures["transports"]), WebSockets: int(p.Figures["websockets"]),
			Opened: p.Figures["handshakes_total"], Frames: p.Figures["outbound_frames_total"], Bytes: p.Figures["outbound_bytes_total"],
		})
	}
	return all
}

// newest are this server's connections.
func (a *App) newest(n int) []session.Connection {
	if k := a.core.Load(); k != nil {
		return k.sessions.Newest(n)
	}
	return nil
}
