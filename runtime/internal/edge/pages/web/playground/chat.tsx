import type { Channel } from "@anteroom/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { Field } from "./field";
import { useSeat, useValue } from "./hooks";
import { MessageLine } from "./message";
import { Outbox } from "./outbox";

// Chat joins a channel and shows its history and new messages. A moderator may delete
// messages and mute users.
export function Chat({ channel: name, title, moderator }: { channel: string; title: string; moderator: boolean }) {
  const { player, act } = useSeat();
  const [channel, setChannel] = useState<Channel>();
  useEffect(() => {
    let gone = false;
    void act(async () => {
      const joined = await player.chat.join(name);
      if (!gone) setChannel(joined);
    });
    return () => {
      gone = true;
    };
  }, [player, name]);
  return (
    <div role="group" class="card" aria-label={title}>
      <h3>{title}</h3>
      {channel && <Messages channel={channel} title={title} moderator={moderator} />}
    </div>
  );
}

function Messages({ channel, title, moderator }: { channel: Channel; title: string; moderator: boolean }) {
  const { act, player } = useSeat();
  const muted = useMuted(channel.name);
  const { messages, hasMore, typing, pending, failed } = useValue(channel.state);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [messages.at(-1)?.id, pending.length, failed.length]);
  const typists = Object.values(typing);
  return (
    <>
      {hasMore && (
        <button class="small" onClick={() => act(() => channel.older())}>
          Older messages
        </button>
      )}
      <div class="chat" ref={box} tabIndex={0} role="log" aria-label={`${title}: messages`}>
        <ol>
          {messages.map((message) => (
            <MessageLine key={message.id} channel={channel} message={message} moderator={moderator} muted={muted.has(message.userId)} />
          ))}
          <Outbox channel={channel} pending={pending} failed={failed} />
        </ol>
      </div>
      {player.userId && muted.has(player.userId) && <p class="hint">You are muted here.</p>}
      <p class="hint typing" aria-live="polite">
        {typists.length > 0 && `${typists.join(", ")} ${typists.length > 1 ? "are" : "is"} typing`}
      </p>
      <Field label="Message" action="Send" maxLength={500} clears onTyping={() => channel.typing()} send={(text) => act(() => channel.send(text))} />
    </>
  );
}

// useMuted returns the users that were muted in a channel since the page was opened.
function useMuted(channel: string): ReadonlySet<string> {
  const { player } = useSeat();
  const [muted, setMuted] = useState<ReadonlySet<string>>(new Set());
  useEffect(
    () =>
      player.on("chat:muted", (push) => {
        if (push.channel !== channel) return;
        setMuted((before) => {
          const next = new Set(before);
          if (push.muted) next.add(push.userId);
          else next.delete(push.userId);
          return next;
        });
      }),
    [player, channel],
  );
  return muted;
}
