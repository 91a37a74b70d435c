import { useState } from "preact/hooks";
import { Board } from "./board";
import { SignIn } from "./signin";

// The token is kept in this tab only. It is forgotten when the tab closes or the token is refused.
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
