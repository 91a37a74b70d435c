import { useId, useState } from "preact/hooks";

interface Props {
  label: string;
  action: string;
  initial?: string;
  required?: boolean;
  maxLength?: number;
  proposals?: string[];
  // clears empties the field after it was sent.
  clears?: boolean;
  onTyping?: () => void;
  send: (value: string) => unknown;
}

// Field is a text field with a button that sends it.
export function Field({ label, action, initial = "", required = true, maxLength = 128, proposals, clears = false, onTyping, send }: Props) {
  const [value, setValue] = useState(initial);
  const id = useId();
  const submit = (event: Event) => {
    event.preventDefault();
    void send(value.trim());
    if (clears) setValue("");
  };
  const typed = (next: string) => {
    setValue(next);
    onTyping?.();
  };
  return (
    <form class="row" onSubmit={submit}>
      <label for={id}>{label}</label>
      <input id={id} value={value} required={required} maxLength={maxLength} autocomplete="off" list={proposals && `${id}-list`} onInput={(e) => typed(e.currentTarget.value)} />
      {proposals && (
        <datalist id={`${id}-list`}>
          {proposals.map((p) => (
            <option key={p} value={p} />
          ))}
        </datalist>
      )}
      <button>{action}</button>
    </form>
  );
}
