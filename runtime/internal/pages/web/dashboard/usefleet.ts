import { useEffect, useState } from "preact/hooks";
import { loadFleet, Refused, type Fleet } from "./fleet";

// every is how often the servers are asked while the page can be seen, in milliseconds;
// patience is how long one answer may take.
const every = 3000;
const patience = 10_000;

export interface View {
  fleet?: Fleet;
  // before is the report before the last, which rates are told from.
  before?: Fleet;
  failure?: string;
}

// useFleet asks again and again, unless it is paused or the page is hidden. What is
// refused is given to refused, and ends it.
export function useFleet(token: string, paused: boolean, refused: (why: string) => void): View {
  const [view, setView] = useState<View>({});
  useEffect(() => {
    if (paused) return;
    const end = new AbortController();
    let timer: number | undefined;
    const ask = async () => {
      try {
        const fleet = await loadFleet(token, AbortSignal.any([end.signal, AbortSignal.timeout(patience)]));
        setView((last) => ({ fleet, before: last.fleet }));
      } catch (error) {
        if (end.signal.aborted) return;
        if (error instanceof Refused) return refused(error.message);
        setView((last) => ({ ...last, failure: error instanceof Error ? error.message : String(error) }));
      }
      wait();
    };
    const wait = () => {
      if (!end.signal.aborted && !document.hidden) timer = setTimeout(ask, every);
    };
    const shown = () => {
      clearTimeout(timer);
      if (!document.hidden) void ask();
    };
    document.addEventListener("visibilitychange", shown);
    void ask();
    return () => {
      end.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", shown);
    };
  }, [token, paused]);
  return view;
}
