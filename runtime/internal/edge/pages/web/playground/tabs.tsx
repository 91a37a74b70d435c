import type { ComponentChildren } from "preact";
import { useId, useRef, useState } from "preact/hooks";

export interface Tab {
  name: string;
  content: ComponentChildren;
  badge?: ComponentChildren;
}

// Tabs implements the tabs pattern of the ARIA Authoring Practices: arrow keys, Home and End
// select a tab, and hidden panels keep their state.
export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  const [shown, setShown] = useState(0);
  const id = useId();
  const buttons = useRef<(HTMLButtonElement | null)[]>([]);
  const move = (event: KeyboardEvent) => {
    const to = { ArrowRight: shown + 1, ArrowLeft: shown - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = (to + tabs.length) % tabs.length;
    setShown(next);
    buttons.current[next]?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map(({ name, badge }, i) => (
          <button
            key={name}
            ref={(button) => void (buttons.current[i] = button)}
            id={`${id}-tab-${i}`}
            role="tab"
            aria-selected={i === shown}
            aria-controls={`${id}-panel-${i}`}
            tabIndex={i === shown ? 0 : -1}
            onClick={() => setShown(i)}
          >
            {name}
            {badge}
          </button>
        ))}
      </div>
      {tabs.map(({ name, content }, i) => (
        <div key={name} id={`${id}-panel-${i}`} role="tabpanel" aria-labelledby={`${id}-tab-${i}`} hidden={i !== shown}>
          {content}
        </div>
      ))}
    </>
  );
}
