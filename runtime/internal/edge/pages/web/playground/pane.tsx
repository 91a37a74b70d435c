import { useCallback, useEffect, useId, useMemo, useState } from "preact/hooks";
import { ConnectionBar } from "./connection";
import { SeatContext, useValue, type Act } from "./hooks";
import { Inbox, InboxBadge } from "./inbox";
import { LobbyTab } from "./lobby";
import { LogView } from "./logview";
import { MatchTab } from "./match";
import { PartyTab } from "./party";
import { PeopleTab } from "./people";
import { Player } from "./player";
import type { Settings } from "./settings";
import { SignIn } from "./signin";
import { Tabs } from "./tabs";

// Pane is the pane of one of the two users: the sign-in, or the tabs of a signed-in user.
export function Pane({ label, settings, proposed }: { label: string; settings: Settings; proposed?: string | undefined }) {
  const [player, setPlayer] = useState<Player>();
  const title = useId();
  useEffect(() => () => player?.close(), [player]);
  return (
    <section class="pane" aria-labelledby={title}>
      <h2 id={title}>{label}</h2>
      {player ? (
        <SignedIn player={player} settings={settings} signOut={() => setPlayer(undefined)} />
      ) : (
        <SignIn users={settings.users} proposed={proposed} signIn={(token) => setPlayer(new Player(settings.path, token))} />
      )}
    </section>
  );
}

interface Notice {
  text: string;
  bad: boolean;
}

function SignedIn({ player, settings, signOut }: { player: Player; settings: Settings; signOut: () => void }) {
  const [notice, setNotice] = useState<Notice>();
  const act: Act = useCallback(async (work, done) => {
    try {
      await work();
      setNotice(done ? { text: done, bad: false } : undefined);
    } catch (error) {
      setNotice({ text: error instanceof Error ? error.message : String(error), bad: true });
    }
  }, []);
  const { session } = useValue(player.connection);
  const others = useMemo(
    () => settings.users.map((u) => u.user).filter((user) => user !== session?.userId),
    [settings, session?.userId],
  );
  return (
    <SeatContext.Provider value={{ player, act, others, lobbyTypes: settings.lobbyTypes }}>
      <ConnectionBar signOut={signOut} />
      <p class={notice?.bad ? "notice bad" : "notice"} role={notice?.bad ? "alert" : "status"}>
        {notice?.text}
      </p>
      {session && <Everything />}
      <LogView />
    </SeatContext.Provider>
  );
}

function Everything() {
  return (
    <Tabs
      label="What to try"
      tabs={[
        { name: "Lobby", content: <LobbyTab /> },
        { name: "Party", content: <PartyTab /> },
        { name: "Match", content: <MatchTab /> },
        { name: "People", content: <PeopleTab /> },
        { name: "Inbox", content: <Inbox />, badge: <InboxBadge /> },
      ]}
    />
  );
}
