export interface DevUser { user: string; token: string }
export interface Settings { path: string; lobbyTypes: string[]; users: DevUser[] }

// loadSettings reads the connection settings and lobby types of the server, and the users to sign in as. Only the
// proxy of make run has such users, with their tokens; a server has none.
export async function loadSettings(): Promise<Settings> {
  const [settings, dev] = await Promise.all([get("settings.json"), get("users.json")]);
  return { path: settings.path, lobbyTypes: settings.lobbyTypes, users: dev.users };
}

async function get(name: string) {
  const answer = await fetch(import.meta.env.BASE_URL + name, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${name}: HTTP ${answer.status}`);
  return answer.json();
}
