import type { Channel, ChatMessage } from "@anteroom/client";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { useSeat } from "./hooks";

const reactions = ["👍", "🎉", "😮"];

interface Props {
  channel: Channel;
  message: ChatMessage;
  moderator: boolean;
  muted: boolean;
}

// MessageLine shows a message in its current state, with its actions.
export function MessageLine(props: Props) {
  const { message, channel } = props;
  const [open, setOpen] = useState(false);
  const [editing, setEditing] = useState(false);
  const id = useId();
  if (message.deleted) {
    return (
      <li>
        <strong>{message.name ?? message.userId}</strong> <em>deleted</em>
      </li>
    );
  }
  return (
    <li>
      <div class="line">
        <span class="grow">
          <strong>{message.name ?? message.userId}</strong> {message.text}
          {message.editedAt ? <span class="hint"> (edited)</span> : null}
        </span>
        <Reactions channel={channel} message={message} />
        <button class="small quiet" aria-expanded={open} aria-controls={id} aria-label={`More on: ${message.text}`} onClick={() => setOpen(!open)}>
          ⋯
        </button>
      </div>
      <div id={id} hidden={!open}>
        {open && !editing && <Actions {...props} edit={() => setEditing(true)} done={() => setOpen(false)} />}
      </div>
      {editing && <Edit channel={channel} message={message} done={() => (setEditing(false), setOpen(false))} />}
    </li>
  );
}

function Reactions({ channel, message }: { channel: Channel; message: ChatMessage }) {
  const { player, act } = useSeat();
  return (
    <>
      {(message.reactions ?? []).map(({ reaction, userIds }) => {
        const own = userIds.includes(player.userId ?? "");
        return (
          <button
            key={reaction}
            class="small"
            aria-pressed={own}
            aria-label={`${reaction} ${userIds.length}`}
            title={userIds.join(", ")}
            onClick={() => act(() => channel.react(message, reaction, own))}
          >
            {reaction} {userIds.length}
          </button>
        );
      })}
    </>
  );
}

function Actions({ channel, message, moderator, muted, edit, done }: Props & { edit: () => void; done: () => void }) {
  const { player, act } = useSeat();
  const own = message.userId === player.userId;
  const who = message.name ?? message.userId;
  const say = (work: () => Promise<unknown>, then?: string) => {
    done();
    void act(work, then);
  };
  return (
    <div class="row" role="group" aria-label={`About: ${message.text}`}>
      {reactions.map((reaction) => (
        <button key={reaction} class="small" aria-label={`React with ${reaction}`} onClick={() => say(() => channel.react(message, reaction))}>
          {reaction}
        </button>
      ))}
      {own && (
        <button class="small" onClick={edit}>
          Edit
        </button>
      )}
      {(own || moderator) && (
        <button class="small" onClick={() => say(() => channel.delete(message))}>
          Delete
        </button>
      )}
      {moderator && !own && (
        <button class="small" onClick={() => say(() => (muted ? channel.unmute(message.userId) : channel.mute(message.userId)), `${who} is ${muted ? "no longer muted" : "muted"}`)}>
          {muted ? "Unmute" : "Mute"} {who}
        </button>
      )}
    </div>
  );
}

function Edit({ channel, message, done }: { channel: Channel; message: ChatMessage; done: () => void }) {
  const { act } = useSeat();
  const [text, setText] = useState(message.text ?? "");
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const save = (event: Event) => {
    event.preventDefault();
    done();
    void act(() => channel.edit(message, { text: text.trim() }));
  };
  return (
    <form class="row" onSubmit={save} onKeyDown={(e) => e.key === "Escape" && done()}>
      <label class="visually-hidden" for={id}>
        New text
      </label>
      <input id={id} ref={input} value={text} required maxLength={500} autocomplete="off" onInput={(e) => setText(e.currentTarget.value)} />
      <button class="small">Save</button>
      <button class="small" type="button" onClick={done}>
        Cancel
      </button>
    </form>
  );
}
