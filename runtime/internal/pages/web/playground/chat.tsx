import type { Channel, ChatMessage } from "@anteroom/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { Field } from "./field";
import { useSeat, useValue } from "./hooks";

// Chat joins a channel, and shows its history and what comes.
export function Chat({ channel: name, title }: { channel: string; title: string }) {
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
      {channel && <Messages channel={channel} title={title} />}
    </div>
  );
}

function Messages({ channel, title }: { channel: Channel; title: string }) {
  const { act } = useSeat();
  const { messages, hasMore, typing } = useValue(channel.state);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [messages.at(-1)?.id]);
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
            <MessageLine key={message.id} message={message} />
          ))}
        </ol>
      </div>
      <p class="hint typing" aria-live="polite">
        {typists.length > 0 && `${typists.join(", ")} ${typists.length > 1 ? "are" : "is"} typing`}
      </p>
      <Field label="Message" action="Send" maxLength={500} clears onTyping={() => channel.typing()} send={(text) => act(() => channel.send(text))} />
    </>
  );
}

function MessageLine({ message }: { message: ChatMessage }) {
  return (
    <li>
      <strong>{message.name ?? message.userId}</strong> {message.deleted ? <em>deleted</em> : message.text}
      {message.editedAt ? <span class="hint"> (edited)</span> : null}
    </li>
  );
}
