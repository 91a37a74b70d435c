import type { Channel, FailedMessage, PendingMessage } from "@anteroom/client";
import { useSeat } from "./hooks";

// Outbox lists the user's pending and failed messages. A failed message can be sent again or
// discarded.
export function Outbox({ channel, pending, failed }: { channel: Channel; pending: readonly PendingMessage[]; failed: readonly FailedMessage[] }) {
  return (
    <>
      {pending.map((message) => (
        <li key={message.key} class="waiting">
          <Text message={message} />
          <span class="tag">{message.attempts > 1 ? `waiting, try ${message.attempts}` : "waiting"}</span>
        </li>
      ))}
      {failed.map((message) => (
        <Failed key={message.key} channel={channel} message={message} />
      ))}
    </>
  );
}

function Failed({ channel, message }: { channel: Channel; message: FailedMessage }) {
  const { act } = useSeat();
  return (
    <li class="failed">
      <div class="line">
        <Text message={message} />
        <span class="tag bad">not sent</span>
        <button class="small" aria-label={`Send again: ${message.text}`} onClick={() => act(() => channel.retry(message.key))}>
          Send again
        </button>
        <button class="small quiet" aria-label={`Discard: ${message.text}`} onClick={() => channel.discard(message.key)}>
          Discard
        </button>
      </div>
      <p class="hint">{message.error.message}</p>
    </li>
  );
}

function Text({ message }: { message: PendingMessage }) {
  const { player } = useSeat();
  const name = player.connection.value.session?.name ?? player.userId;
  return (
    <span class="grow">
      <strong>{name}</strong> {message.text}
    </span>
  );
}
