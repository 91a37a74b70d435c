import type { ComponentChildren } from "preact";

/** Question is a question that the user accepts or declines. */
export function Question({ children, answer }: { children: ComponentChildren; answer: (accept: boolean) => void }) {
  return (
    <div class="card call" role="status">
      <p>{children}</p>
      <div class="row">
        <button class="primary" onClick={() => answer(true)}>
          Accept
        </button>
        <button onClick={() => answer(false)}>Decline</button>
      </div>
    </div>
  );
}
