import { useId, useState } from "preact/hooks";

export function SignIn({ refusal, signIn }: { refusal: string; signIn: (token: string) => void }) {
  const [token, setToken] = useState("");
  const id = useId();
  const submit = (event: Event) => {
    event.preventDefault();
    signIn(token.trim());
  };
  return (
    <>
      <header class="top">
        <h1>Anteroom dashboard</h1>
        <p>How the servers of this cluster are. It only looks.</p>
      </header>
      <main>
        <form class="card" onSubmit={submit}>
          {refusal && (
            <p role="alert" class="bad">
              Refused: {refusal}.
            </p>
          )}
          <div class="row">
            <label for={id}>API token</label>
            <input
              id={id}
              type="password"
              autocomplete="off"
              spellcheck={false}
              required
              value={token}
              aria-describedby={`${id}-hint`}
              onInput={(e) => setToken(e.currentTarget.value)}
            />
            <button class="primary">Sign in</button>
          </div>
          <p id={`${id}-hint`} class="hint">
            The bearer token of the server API, in Kubernetes that of the Secret <code>&lt;cluster&gt;-api</code>. It stays in this tab.
          </p>
        </form>
      </main>
    </>
  );
}
