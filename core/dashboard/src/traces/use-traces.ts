// The list of traces: page after page as it is scrolled, and the newest ones at each tick.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type Credentials, get } from '../api/client';
import type { Trace, TracePage } from '../api/types';
import { type Route, filtersOf, tracesWindow } from '../shell/route';
import { merge } from './merge';

const PAGE = 100;

export interface TraceList {
  traces: Trace[];
  /** Whether there are more. */
  hasMore: boolean;
  isLoading: boolean;
  error: unknown;
  /** Asks for the next page, unless it is on its way. */
  more: () => void;
}

interface State {
  question: string;
  traces: Trace[];
  cursor: string | null;
  error: unknown;
}

const EMPTY = { traces: [], cursor: null, error: null };

export function useTraces(credentials: Credentials, route: Route, tick: number, isShown: boolean): TraceList {
  const question = JSON.stringify([credentials, route.window, route.filters]);
  const [state, setState] = useState<State>({ question, ...EMPTY });
  const [isLoading, setLoading] = useState(false);
  // What the cursor belongs to: a window of the last hours moves, and its pages must not.
  const asked = useRef<Record<string, string | number | null | undefined>>({});
  const running = useRef<AbortController | null>(null);
  const current = state.question === question ? state : { question, ...EMPTY };
  const latest = useRef(current);
  latest.current = current;

  const ask = useCallback(
    (parameters: typeof asked.current, take: (page: TracePage) => State | null) => {
      running.current?.abort();
      const controller = new AbortController();
      running.current = controller;
      setLoading(true);
      get<TracePage>(credentials, 'traces', parameters, controller.signal).then(
        (page) => {
          if (controller.signal.aborted) return;
          running.current = null;
          setLoading(false);
          setState(take(page) ?? { question, traces: page.traces, cursor: page.next_cursor, error: null });
        },
        (error: unknown) => {
          if (controller.signal.aborted) return;
          running.current = null;
          setLoading(false);
          setState({ ...latest.current, error });
        },
      );
    },
    [question],
  );

  useEffect(() => {
    if (!isShown) return;
    const parameters = { limit: PAGE, ...tracesWindow(route.window, Date.now()), ...filtersOf(route.filters) };
    const { traces, cursor } = latest.current;
    const isFirst = traces.length === 0;
    if (isFirst) asked.current = parameters;
    ask(parameters, (page) => {
      const merged = merge(page.traces, latest.current.traces, page.next_cursor === null);
      if (isFirst || !merged) {
        asked.current = parameters;
        return null;
      }
      return { question, traces: merged, cursor, error: null };
    });
    return () => {
      running.current?.abort();
      running.current = null;
    };
  }, [question, tick, isShown]);

  const more = useCallback(() => {
    const { cursor, error } = latest.current;
    if (!cursor || error || running.current) return;
    ask({ ...asked.current, cursor }, (page) => ({
      question,
      traces: [...latest.current.traces, ...page.traces],
      cursor: page.next_cursor,
      error: null,
    }));
  }, [ask]);

  return { traces: current.traces, hasMore: current.cursor !== null, isLoading, error: current.error, more };
}
