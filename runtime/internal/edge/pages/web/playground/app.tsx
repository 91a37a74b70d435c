import { useEffect, useState } from "preact/hooks";
import { Pane } from "./pane";
import { loadSettings, type Settings } from "./settings";

export function App() {
  const [settings, setSettings] = useState<Settings>();
  const [failure, setFailure] = useState("");
  useEffect(() => {
    loadSettings().then(setSettings, (error) => setFailure(String(error)));
  }, []);
  return (
    <>
      <header class="top">
        <h1>Anteroom playground</h1>
        <p>Two users, side by side. Sign both in and watch what each of them sends and receives.</p>
      </header>
      <main>
        {failure && <p role="alert">The server does not answer: {failure}. Load the page again.</p>}
        {settings && (
          <div class="panes">
            <Pane label="First user" settings={settings} proposed={settings.users[0]?.user} />
            <Pane label="Second user" settings={settings} proposed={settings.users[1]?.user} />
          </div>
        )}
      </main>
    </>
  );
}
