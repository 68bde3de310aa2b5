// What the page remembers between two drawings: where it is, when to ask again, and what was answered last.
import { useCallback, useEffect, useReducer, useRef, useState } from 'preact/hooks';
import { type Route, readRoute, writeRoute } from './route';

const REFRESH_MS = 30_000;

/** The route, and how to change parts of it. A change of the open trace alone makes no new step to go back to. */
export function useRoute(): [Route, (change: Partial<Route>) => void] {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  useEffect(() => {
    const read = () => setRoute(readRoute(location.hash));
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, []);
  const change = useCallback((part: Partial<Route>) => {
    const next = { ...readRoute(location.hash), ...part };
    const isSmall = Object.keys(part).every((key) => key === 'trace');
    history[isSmall ? 'replaceState' : 'pushState'](null, '', writeRoute(next));
    setRoute(next);
  }, []);
  return [route, change];
}

/** A number that grows every 30 seconds while the page is seen, and when it is seen again; and a way to make it grow. */
export function useTick(): [number, () => void] {
  const [tick, grow] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const ask = () => {
      if (!document.hidden) grow(undefined);
    };
    const timer = setInterval(ask, REFRESH_MS);
    document.addEventListener('visibilitychange', ask);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', ask);
    };
  }, []);
  return [tick, () => grow(undefined)];
}

export interface Loaded<T> {
  /** What was answered last to this question. */
  data: T | null;
  error: unknown;
  isLoading: boolean;
}

/** Asks when the question changes, which forgets the last answer, and at each tick, which keeps it until the next one. */
export function useLoad<T>(question: string, tick: number, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<Loaded<T> & { question: string }>({
    question, data: null, error: null, isLoading: true,
  });
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const controller = new AbortController();
    setState((last) => ({ question, data: last.question === question ? last.data : null, error: null, isLoading: true }));
    latest.current(controller.signal).then(
      (data) => {
        if (!controller.signal.aborted) setState({ question, data, error: null, isLoading: false });
      },
      (error: unknown) => {
        if (!controller.signal.aborted) setState((last) => ({ ...last, error, isLoading: false }));
      },
    );
    return () => controller.abort();
  }, [question, tick]);
  return state.question === question ? state : { data: null, error: null, isLoading: true };
}

/** Whether a media query holds now. */
export function useMedia(query: string): boolean {
  const [holds, setHolds] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const read = () => setHolds(media.matches);
    read();
    media.addEventListener('change', read);
    return () => media.removeEventListener('change', read);
  }, [query]);
  return holds;
}
