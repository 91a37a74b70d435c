package adminui

import (
	"time"

	"github.com/anteroom/anteroom/runtime/internal/edge/session"
)

// Report is the state of a server.
type Report struct {
	// Pod is a name that no earlier process had; Host is where the server runs.
	Pod, Host     string
	UptimeSeconds int64
	// Sessions are connected users; Transports are Engine.IO sessions, which use polling
	// unless they are WebSockets.
	Sessions, Transports, WebSockets int
	// Opened counts all transports since the start. Frames and Bytes count the writes to
	// WebSockets.
	Opened, Frames, Bytes float64
}

// The types below have the shapes and names that the page expects.

type config struct {
	SupportedFeatures []string `json:"supportedFeatures"`
}

// features are counts over time and the lists of connections, without features that change
// the server.
var features = config{SupportedFeatures: []string{"AGGREGATED_EVENTS", "ALL_EVENTS"}}

type serverStats struct {
	ServerID            string      `json:"serverId"`
	Hostname            string      `json:"hostname"`
	Uptime              int64       `json:"uptime"`
	ClientsCount        int         `json:"clientsCount"`
	PollingClientsCount int         `json:"pollingClientsCount"`
	AggregatedEvents    []events    `json:"aggregatedEvents"`
	Namespaces          []namespace `json:"namespaces"`
}

type namespace struct {
	Name         string `json:"name"`
	SocketsCount int    `json:"socketsCount"`
}

// events is the number of events of a type since the last stats.
type events struct {
	Timestamp int64   `json:"timestamp"`
	Type      string  `json:"type"`
	Count     float64 `json:"count"`
}

// stats returns the stats of a server, with the counts since its previous report.
func stats(r Report, before *Report, now time.Time) serverStats {
	s := serverStats{
		ServerID: r.Pod, Hostname: r.Host, Uptime: r.UptimeSeconds,
		ClientsCount: r.Transports, PollingClientsCount: max(0, r.Transports-r.WebSockets),
		AggregatedEvents: []events{}, Namespaces: []namespace{{"/", r.Sessions}},
	}
	if before == nil {
		return s
	}
	at := now.Truncate(time.Second).UnixMilli()
	opened := r.Opened - before.Opened
	for _, e := range []events{
		{at, "rawConnection", opened},
		{at, "rawDisconnection", opened - float64(r.Transports-before.Transports)},
		{at, "packetsOut", r.Frames - before.Frames},
		{at, "bytesOut", r.Bytes - before.Bytes},
	} {
		if e.Count > 0 {
			s.AggregatedEvents = append(s.AggregatedEvents, e)
		}
	}
	return s
}

type shownSocket struct {
	ID        string    `json:"id"`
	ClientID  string    `json:"clientId"`
	Transport string    `json:"transport"`
	Namespace string    `json:"nsp"`
	Data      data      `json:"data"`
	Handshake handshake `json:"handshake"`
	Rooms     []string  `json:"rooms"`
}

type data struct {
	UserID string `json:"userId"`
}

// handshake has empty values for the fields that are not shown, because the page needs
// them.
type handshake struct {
	Address string   `json:"address"`
	Headers struct{} `json:"headers"`
	Query   struct{} `json:"query"`
	Issued  int64    `json:"issued"`
}

// shown converts connections to the page's list; a client id is a user id.
func shown(list []session.Connection) []shownSocket {
	sockets := make([]shownSocket, len(list))
	for i, c := range list {
		sockets[i] = shownSocket{
			ID: c.SessionID, ClientID: c.UserID, Transport: c.Transport, Namespace: "/",
			Data: data{c.UserID}, Handshake: handshake{Issued: c.Since}, Rooms: []string{},
		}
	}
	return sockets
}
