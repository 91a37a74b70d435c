export interface DevUser { user: string; token: string }
export interface Settings { path: string; lobbyTypes: string[]; users: DevUser[] }

// loadSettings asks the server how to connect and which lobbies there are, and make run, where it stands before the
// server, for tokens of users to sign in as. Elsewhere there are none.
export async function loadSettings(): Promise<Settings> {
  const [settings, dev] = await Promise.all([get("settings.json"), get("users.json")]);
  return { path: settings.path, lobbyTypes: settings.lobbyTypes, users: dev.users };
}

async function get(name: string) {
  const answer = await fetch(import.meta.env.BASE_URL + name, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${name}: HTTP ${answer.status}`);
  return answer.json();
}
