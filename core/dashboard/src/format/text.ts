// Numbers, durations and times as people read them, in the browser's language and time zone.

export const NONE = '–';

const integer = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const hour = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });

/** The browser's time zone, such as `Europe/Berlin`. */
export function timeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

export function count(value: number | null): string {
  return value === null ? NONE : integer.format(value);
}

/** At most four characters or so, for axes. */
export function short(value: number): string {
  return compact.format(value);
}

export function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(ratio === 0 || ratio >= 0.1 ? 0 : 1)} %`;
}

export function millis(value: number | null): string {
  if (value === null) return NONE;
  if (value < 1) return `${Math.round(value * 1000)} µs`;
  if (value < 1000) return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
  if (value < 60_000) return `${(value / 1000).toFixed(value < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(value / 60_000)} min ${Math.round((value % 60_000) / 1000)} s`;
}

export function micros(value: number | null): string {
  return millis(value === null ? null : value / 1000);
}

export function timeOfDay(at: string): string {
  return clock.format(new Date(at));
}

/** To the minute. */
export function hourOf(at: string): string {
  return hour.format(new Date(at));
}

export function dayOf(at: string): string {
  return day.format(new Date(at));
}

export function fullTime(at: string): string {
  return full.format(new Date(at));
}

/** A name of the API in words: `upstream_error` is “upstream error”. */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}
