package session

import "context"

// snapshotsAtOnce bounds how many snapshots are made at the same time: when the
// store loses its data, every subscriber of every stream needs one.
const snapshotsAtOnce = 32

func (m *Manager) acquireSnapshot(ctx context.Context) error {
	select {
	case m.snapshots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *Manager) releaseSnapshot() { <-m.snapshots }
