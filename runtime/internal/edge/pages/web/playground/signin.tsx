import { useId, useState } from "preact/hooks";
import type { DevUser } from "./settings";

// SignIn signs in as a user of make run, or with a pasted token. The token is kept in memory
// only.
export function SignIn({ users, proposed, signIn }: { users: DevUser[]; proposed?: string | undefined; signIn: (token: string) => void }) {
  return (
    <div class="card">
      {users.length > 0 && <DevSignIn users={users} proposed={proposed} signIn={signIn} />}
      <TokenSignIn first={users.length === 0} signIn={signIn} />
    </div>
  );
}

function DevSignIn({ users, proposed, signIn }: { users: DevUser[]; proposed?: string | undefined; signIn: (token: string) => void }) {
  const [user, setUser] = useState(proposed ?? users[0]?.user ?? "");
  const id = useId();
  const submit = (event: Event) => {
    event.preventDefault();
    const token = users.find((u) => u.user === user)?.token;
    if (token) signIn(token);
  };
  return (
    <form class="row" onSubmit={submit}>
      <label for={id}>Sign in as</label>
      <select id={id} value={user} onChange={(e) => setUser(e.currentTarget.value)}>
        {users.map((u) => (
          <option key={u.user}>{u.user}</option>
        ))}
      </select>
      <button class="primary">Sign in</button>
    </form>
  );
}

function TokenSignIn({ first, signIn }: { first: boolean; signIn: (token: string) => void }) {
  const [token, setToken] = useState("");
  const id = useId();
  const submit = (event: Event) => {
    event.preventDefault();
    signIn(token.trim());
  };
  return (
    <details open={first}>
      <summary>Sign in with a token</summary>
      <form class="row" onSubmit={submit}>
        <label for={id}>Token</label>
        <input id={id} type="password" autocomplete="off" spellcheck={false} required value={token} onInput={(e) => setToken(e.currentTarget.value)} />
        <button>Use it</button>
      </form>
    </details>
  );
}
