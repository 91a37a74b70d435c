import { useState } from "preact/hooks";
import { Board } from "./board";
import { SignIn } from "./signin";

// The token stays in this tab: it goes with it, and with a token that is refused.
const place = "anteroom.dashboard.token";

export function App() {
  const [token, setToken] = useState(() => sessionStorage.getItem(place) ?? "");
  const [refusal, setRefusal] = useState("");
  const signIn = (next: string) => {
    sessionStorage.setItem(place, next);
    setToken(next);
    setRefusal("");
  };
  const signOut = (why = "") => {
    sessionStorage.removeItem(place);
    setToken("");
    setRefusal(why);
  };
  return token ? <Board token={token} signOut={signOut} /> : <SignIn refusal={refusal} signIn={signIn} />;
}
