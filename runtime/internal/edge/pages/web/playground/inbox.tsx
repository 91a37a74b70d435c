import type { Notification } from "@anteroom/client";
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
          <Item key={n.id} notification={n} />
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

// InviteData is the payload of the server's notifications of invites.
interface InviteData {
  inviteId?: string;
  fromId?: string;
  fromName?: string;
}

function Item({ notification: n }: { notification: Notification }) {
  const { player, act } = useSeat();
  const { inviteId, fromId, fromName } = (n.data ?? {}) as InviteData;
  const title = n.title || n.type.replace(".", " ");
  const from = fromName || fromId;
  const read = () => player.notifications.read({ ids: [n.id] });
  const enter = async (id: string) => {
    const answer = { inviteId: id, accept: true };
    await (n.type === "party.invited" ? player.party.respondInvite(answer) : player.lobby.respondInvite(answer));
    await read();
  };
  const invited = n.type === "party.invited" || n.type === "lobby.invited";
  return (
    <li>
      <span class="grow">
        {title} {from && <span class="hint">by {from}</span>} {n.body && <span class="hint">{n.body}</span>}
      </span>
      {invited && inviteId && !n.read && (
        <button class="small" aria-label={`Accept: ${title}`} onClick={() => act(() => enter(inviteId), "You are in")}>
          Accept
        </button>
      )}
      {n.read ? (
        <span class="tag">read</span>
      ) : (
        <button class="small" aria-label={`Mark as read: ${title}`} onClick={() => act(read)}>
          Read
        </button>
      )}
    </li>
  );
}
