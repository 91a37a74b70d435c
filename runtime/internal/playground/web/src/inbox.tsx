import { useSeat, useValue } from "./hooks";

export function InboxBadge() {
  const { player } = useSeat();
  const unread = useValue(player.notifications.unread);
  if (unread === 0) return null;
  return (
    <span class="badge">
      {unread}
      <span class="visually-hidden"> unread</span>
    </span>
  );
}

export function Inbox() {
  const { player, act } = useSeat();
  const items = useValue(player.notifications.items);
  return (
    <div role="group" class="card" aria-label="Notifications">
      <h3>Notifications</h3>
      {items.length === 0 && <p class="hint">Nothing yet. Invites that come while you are away are kept here.</p>}
      <ul class="list" aria-label="Inbox">
        {items.map((n) => (
          <li key={n.id}>
            <span class="grow">
              {n.title || n.type} {n.body && <span class="hint">{n.body}</span>}
            </span>
            {n.read ? (
              <span class="tag">read</span>
            ) : (
              <button class="small" aria-label={`Mark ${n.title || n.type} as read`} onClick={() => act(() => player.notifications.read({ ids: [n.id] }))}>
                Read
              </button>
            )}
          </li>
        ))}
      </ul>
      {items.length > 0 && (
        <div class="row">
          <button onClick={() => act(() => player.notifications.read({ all: true }))}>Mark all as read</button>
        </div>
      )}
    </div>
  );
}
