// What is looked at, kept in the address behind the `#`, so that reloading, going back and sharing it work. Keys are
// never part of it.
import { STATUS_CLASSES } from '../api/types';
import type { Parameters } from '../api/client';

export const HOURS = [1, 6, 24, 168, 720] as const;

/** The last hours, or a stretch between two instants. */
export type Window = { hours: number } | { since: string; until: string };

export interface Filters {
  model: string;
  provider: string;
  status_class: string;
  request_id: string;
  user_id: string;
  session_id: string;
  metadata: Record<string, string>;
}

export type View = 'traces' | 'analytics';

export interface Route {
  view: View;
  window: Window;
  filters: Filters;
  /** The trace that is open. */
  trace: string | null;
  /** The tenant that an operator looks at. */
  tenant: string | null;
}

export const NO_FILTERS: Filters = {
  model: '', provider: '', status_class: '', request_id: '', user_id: '', session_id: '', metadata: {},
};

const METADATA = 'metadata.';

export function readRoute(hash: string): Route {
  const [view, query] = hash.replace(/^#/, '').split('?');
  const values = new URLSearchParams(query ?? '');
  const filters: Filters = { ...NO_FILTERS, metadata: {} };
  for (const [name, value] of values) {
    if (name.startsWith(METADATA)) filters.metadata[name.slice(METADATA.length)] = value;
    else if (Object.hasOwn(NO_FILTERS, name) && name !== 'metadata') filters[name as Exclude<keyof Filters, 'metadata'>] = value;
  }
  if (!(STATUS_CLASSES as readonly string[]).includes(filters.status_class)) filters.status_class = '';
  return {
    view: view === 'traces' ? 'traces' : 'analytics',
    window: readWindow(values),
    filters,
    trace: values.get('trace'),
    tenant: values.get('tenant'),
  };
}

function readWindow(values: URLSearchParams): Window {
  const [since, until] = [values.get('since'), values.get('until')];
  const isTime = (text: string | null) => text !== null && !Number.isNaN(Date.parse(text));
  if (isTime(since) && isTime(until)) return { since: since as string, until: until as string };
  const hours = Number(values.get('window'));
  return { hours: (HOURS as readonly number[]).includes(hours) ? hours : 24 };
}

export function writeRoute(route: Route): string {
  const values = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...windowOf(route.window), ...filtersOf(route.filters) })) {
    values.set(name, String(value));
  }
  if (route.tenant) values.set('tenant', route.tenant);
  if (route.trace) values.set('trace', route.trace);
  return `#${route.view}?${values}`;
}

/** The filters as the gateway takes them. */
export function filtersOf({ metadata, ...plain }: Filters): Parameters {
  const pairs = Object.entries(plain).filter(([, value]) => value !== '');
  return Object.fromEntries([...pairs, ...Object.entries(metadata).map(([key, value]) => [METADATA + key, value])]);
}

function windowOf(window: Window): Parameters {
  return 'hours' in window ? { window: window.hours } : { ...window };
}

/** The window as analytics take it. */
export const analyticsWindow = windowOf;

/** The window as lists of traces take it. */
export function tracesWindow(window: Window, now: number): Parameters {
  return 'hours' in window ? { since: new Date(now - window.hours * 3_600_000).toISOString() } : { ...window };
}

/** Reads `team=red, stage=live`; `null` where it is no such list. */
export function readPairs(text: string): Record<string, string> | null {
  const pairs = text.split(',').map((pair) => pair.trim()).filter((pair) => pair !== '').map((pair) => pair.split('='));
  if (pairs.some(([key, value]) => !key?.trim() || value === undefined)) return null;
  return Object.fromEntries(pairs.map(([key, ...rest]) => [(key as string).trim(), rest.join('=').trim()]));
}

export function writePairs(pairs: Record<string, string>): string {
  return Object.entries(pairs).map(([key, value]) => `${key}=${value}`).join(', ');
}
