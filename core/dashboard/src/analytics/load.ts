// The questions behind the analytics: the window with its buckets, the window before it, and the models.
import { ApiError, type Credentials, type Parameters, get } from '../api/client';
import type { Analytics, ModelMeasures, Summary, TenantMeasures } from '../api/types';
import { timeZone } from '../format/text';
import { type Filters, type Window, analyticsWindow, filtersOf } from '../shell/route';

/** What the gateway cuts windows into, in minutes. */
const BUCKETS = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1440];
const BUCKET_OF_HOURS: Record<number, number> = { 1: 5, 6: 30, 24: 60, 168: 360, 720: 1440 };
/** Filters that say which traces of all tenants. */
const OF_ROLLUPS = ['model', 'provider', 'status_class'];
/** As many as can be told apart on a wide screen. */
const MOST_BUCKETS = 80;

export interface Answers {
  analytics: Analytics;
  /** The window of the same length before it. */
  previous: Summary;
  models: ModelMeasures[];
  /** All tenants, for an operator, while nothing is filtered by that rollups do not know. */
  tenants: TenantMeasures[] | null;
  /** The zone that buckets are aligned to. */
  zone: string;
}

export interface Question {
  window: Window;
  filters: Filters;
  isOperator: boolean;
}

export async function loadAnalytics(credentials: Credentials, question: Question, signal: AbortSignal): Promise<Answers> {
  const which = filtersOf(question.filters);
  const parameters = { ...analyticsWindow(question.window), ...which };
  const beside = Promise.all([
    get<{ models: ModelMeasures[] }>(credentials, 'analytics/models', parameters, signal),
    question.isOperator && Object.keys(which).every((name) => OF_ROLLUPS.includes(name))
      ? get<{ tenants: TenantMeasures[] }>(credentials, 'admin/analytics/tenants', parameters, signal)
      : null,
  ]);
  // A failure is told where it is waited for.
  beside.catch(() => {});
  const [analytics, zone] = await inZone(credentials, { ...parameters, bucket: bucketOf(question.window) }, signal);
  const length = Date.parse(analytics.to) - Date.parse(analytics.from);
  const before = { since: new Date(Date.parse(analytics.from) - length).toISOString(), until: analytics.from };
  const previous = await get<Summary>(credentials, 'analytics/summary', { ...before, ...which }, signal);
  const [{ models }, tenants] = await beside;
  return { analytics, zone, previous, models, tenants: tenants && tenants.tenants };
}

/** Buckets in the browser's zone; in UTC where the gateway does not know that one. */
async function inZone(credentials: Credentials, parameters: Parameters, signal: AbortSignal): Promise<[Analytics, string]> {
  const ask = (zone: string) => get<Analytics>(credentials, 'analytics', { ...parameters, time_zone: zone }, signal);
  const zone = timeZone();
  try {
    return [await ask(zone), zone];
  } catch (error) {
    if (error instanceof ApiError && error.param === 'time_zone') return [await ask('UTC'), 'UTC'];
    throw error;
  }
}

export function bucketOf(window: Window): number {
  if ('hours' in window) return BUCKET_OF_HOURS[window.hours] ?? 60;
  const minutes = (Date.parse(window.until) - Date.parse(window.since)) / 60_000;
  return BUCKETS.find((bucket) => minutes / bucket <= MOST_BUCKETS) ?? 1440;
}
