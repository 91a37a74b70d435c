import { useEffect, useState } from "preact/hooks";
import { loadFleet, Refused, type Fleet } from "./fleet";

// every is the pause between two reads while the page is visible, and patience the timeout
// of a read, both in milliseconds.
const every = 3000;
const patience = 10_000;

export interface View {
  fleet?: Fleet;
  // before is the previous report, for rates.
  before?: Fleet;
  failure?: string;
}

// useFleet reads the fleet repeatedly, unless it is paused or the page is hidden. After a
// refusal it calls refused and stops.
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
