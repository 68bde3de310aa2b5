// The table of traces. Draws the rows in sight alone, so that thousands scroll as lightly as ten; is walked with the
// arrow keys, and a row is opened with Enter.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { explain } from '../api/client';
import type { Trace } from '../api/types';
import { exactUsd, shortUsd } from '../format/money';
import { NONE, count, dayOf, fullTime, millis, timeOfDay } from '../format/text';
import { useMedia } from '../shell/hooks';
import { Notice } from '../shell/notice';
import { Status } from './status';
import { useRows } from './use-rows';
import type { TraceList } from './use-traces';

/** Rows from the end at which the next page is asked for. */
const AHEAD = 30;
const PAGE_OF_KEYS = 10;

interface Column {
  name: string;
  title: string;
  cell: (trace: Trace) => preact.ComponentChildren;
}

const COLUMNS: Column[] = [
  { name: 'time', title: 'Time', cell: (trace) => <time dateTime={trace.created_at} title={fullTime(trace.created_at)}><small>{dayOf(trace.created_at)}</small> {timeOfDay(trace.created_at)}</time> },
  { name: 'result', title: 'Status', cell: (trace) => <Status trace={trace} /> },
  { name: 'model', title: 'Model', cell: (trace) => trace.model ?? trace.requested_model ?? NONE },
  { name: 'provider', title: 'Provider', cell: (trace) => trace.provider ?? NONE },
  { name: 'endpoint', title: 'Endpoint', cell: (trace) => `${trace.endpoint}${trace.stream ? ' ⇉' : ''}` },
  { name: 'user', title: 'User', cell: (trace) => trace.user_id ?? NONE },
  { name: 'latency number', title: 'Latency', cell: (trace) => millis(trace.latency_ms) },
  { name: 'tokens number', title: 'Tokens', cell: (trace) => count(trace.total_tokens) },
  { name: 'cost number', title: 'Cost', cell: (trace) => trace.cost_usd === null ? NONE : <span title={exactUsd(trace.cost_usd)}>{shortUsd(trace.cost_usd)}</span> },
];
const TENANT: Column = { name: 'whose', title: 'Tenant', cell: (trace) => trace.tenant_id };

interface Props {
  list: TraceList;
  /** Whether they are of all tenants. */
  isOfAll: boolean;
  open: string | null;
  onOpen: (id: string) => void;
}

export function Traces({ list, isOfAll, open, onOpen }: Props) {
  const columns = isOfAll ? [...COLUMNS, TENANT] : COLUMNS;
  const { traces, hasMore, isLoading, error, more } = list;
  const isNarrow = useMedia('(max-width: 45rem)');
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useRows({
    scroller,
    count: traces.length,
    height: isNarrow ? 60 : 36,
    keyOf: (index) => traces[index]?.id ?? String(index),
  });
  const inSight = rows.getVirtualItems();
  const { active, move, focused } = useActiveRow(traces, open, (index) => rows.scrollToIndex(index));
  const last = inSight.at(-1)?.index ?? -1;

  useEffect(() => {
    if (hasMore && !isLoading && last >= traces.length - AHEAD) more();
  }, [hasMore, isLoading, last, traces.length, more]);
  useKeptPlace(scroller, traces, isNarrow ? 60 : 36);

  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowDown: 1, ArrowUp: -1, PageDown: PAGE_OF_KEYS, PageUp: -PAGE_OF_KEYS, Home: -Infinity, End: Infinity,
    };
    const step = steps[event.key];
    const trace = traces[active];
    if (step !== undefined) move(step);
    else if ((event.key === 'Enter' || event.key === ' ') && trace) onOpen(trace.id);
    else return;
    event.preventDefault();
  };

  return (
    <section class="traces" aria-label="Traces" aria-busy={isLoading}>
      {error !== null && <Notice tone="error">{explain(error)}</Notice>}
      {traces.length === 0 && !isLoading && error === null && <Notice tone="plain">No trace in this window.</Notice>}
      <div class={isOfAll ? 'grid of-all' : 'grid'} role="grid" aria-label="Traces, newest first" aria-rowcount={hasMore ? -1 : traces.length + 1} onKeyDown={onKeyDown}>
        <div role="rowgroup" class="head">
          <div role="row" aria-rowindex={1} class="row">
            {columns.map(({ name, title }) => <span key={name} role="columnheader" class={name}>{title}</span>)}
          </div>
        </div>
        <div role="rowgroup" class="scroller" ref={scroller} tabIndex={-1}>
          <div role="presentation" class="rows" style={{ height: `${rows.getTotalSize()}px` }}>
            {inSight.map(({ index, start, size }, place) => {
              const trace = traces[index];
              if (!trace) return null;
              const isActive = index === active;
              // The tab key finds the list even when the active row is out of sight.
              const isEntry = isActive || (place === 0 && !inSight.some((row) => row.index === active));
              return (
                <div
                  key={trace.id}
                  ref={isActive ? focused : null}
                  role="row"
                  aria-rowindex={index + 2}
                  aria-selected={trace.id === open}
                  tabIndex={isEntry ? 0 : -1}
                  class="row"
                  data-id={trace.id}
                  style={{ height: `${size}px`, transform: `translateY(${start}px)` }}
                  onClick={() => onOpen(trace.id)}
                  onFocus={() => move(index - active, false)}
                >
                  {columns.map(({ name, cell }) => <span key={name} role="gridcell" class={name}>{cell(trace)}</span>)}
                </div>
              );
            })}
          </div>
        </div>
      </div>
      <p class="foot" role="status">
        {traces.length > 0 && `${count(traces.length)} ${hasMore ? 'shown, more as you scroll' : traces.length === 1 ? 'trace' : 'traces'}`}
      </p>
    </section>
  );
}

/** The row that keys act on: follows the trace, not the place, when newer ones come. */
function useActiveRow(traces: Trace[], open: string | null, show: (index: number) => void) {
  const [id, setId] = useState<string | null>(null);
  const wantsFocus = useRef(false);
  const found = traces.findIndex((trace) => trace.id === (open ?? id));
  const active = found < 0 ? 0 : found;
  const move = (step: number, isKey = true) => {
    const index = Math.max(0, Math.min(traces.length - 1, active + step));
    const trace = traces[index];
    if (!trace) return;
    setId(trace.id);
    if (!isKey) return;
    wantsFocus.current = true;
    show(index);
  };
  // A row far away is there only once the list has scrolled to it.
  const focused = (row: HTMLElement | null) => {
    if (row && wantsFocus.current) {
      wantsFocus.current = false;
      row.focus({ preventScroll: true });
    }
  };
  return { active, move, focused };
}

/** What is being read stays where it is when newer traces come above it. */
function useKeptPlace(scroller: { current: HTMLElement | null }, traces: Trace[], height: number) {
  const first = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    const before = traces.findIndex((trace) => trace.id === first.current);
    const element = scroller.current;
    if (element && before > 0 && element.scrollTop > 0) element.scrollTop += before * height;
    first.current = traces[0]?.id;
  }, [traces]);
}
