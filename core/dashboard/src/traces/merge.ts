import type { Trace } from '../api/types';

/**
 * The first page put before what is known already; `null` where something may lie in between, so that the list has to
 * begin anew. A trace that took long comes late, and one that was taken for abandoned may change: the page counts.
 */
export function merge(page: Trace[], known: Trace[], isLastPage: boolean): Trace[] | null {
  const ids = new Set(page.map((trace) => trace.id));
  const overlaps = known.some((trace) => ids.has(trace.id));
  if (!overlaps && !isLastPage && known.length > 0) return null;
  const others = known.filter((trace) => !ids.has(trace.id));
  return [...page, ...others].sort(newestFirst);
}

function newestFirst(a: Trace, b: Trace): number {
  return compare(b.created_at, a.created_at) || compare(b.id, a.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
