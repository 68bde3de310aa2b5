// What the gateway answers, as far as the page shows it. The whole of it is in include/gateway.schema.json.

/** An exact amount of dollars as a decimal: never a number, so that nothing is rounded on the way. */
export type Usd = string;
/** A time as RFC 3339. */
export type Timestamp = string;

export const STATUS_CLASSES = [
  'ok', 'client_error', 'upstream_error', 'gateway_error', 'timeout', 'cancelled', 'abandoned', 'refused',
] as const;
export type StatusClass = (typeof STATUS_CLASSES)[number];

export interface Trace {
  id: string;
  tenant_id: string;
  request_id: string | null;
  upstream_request_id: string | null;
  provider: string | null;
  requested_model: string | null;
  model: string | null;
  endpoint: string;
  stream: boolean;
  status_class: StatusClass;
  status_code: number | null;
  error_code: string | null;
  created_at: Timestamp;
  ended_at: Timestamp;
  latency_ms: number;
  ttfb_ms: number | null;
  ttft_ms: number | null;
  overhead_us: number;
  input_tokens: number | null;
  cached_tokens: number | null;
  output_tokens: number | null;
  reasoning_tokens: number | null;
  total_tokens: number | null;
  cost_usd: Usd | null;
  attempt_count: number;
  user_id: string | null;
  session_id: string | null;
  metadata: Record<string, string>;
}

export interface Attempt {
  provider: string;
  status_code: number | null;
  error_code: string | null;
  duration_ms: number;
  delay_ms: number;
}

/** How a cost came about: the lines add up to it exactly. */
export interface Receipt {
  price_version: string;
  source: 'table' | 'gateway' | 'tenant';
  model: string;
  tier: string | null;
  multiplier: Ratio;
  lines: { unit: string; quantity: number; rate_pico_usd: Ratio; cost_usd: Usd }[];
}

/** A fraction as text: `11/10`. */
export type Ratio = string;

export interface TraceDetail extends Trace {
  api_key_id: string | null;
  deployment: string | null;
  usage: Record<string, number | null>;
  usage_source: 'reported' | 'estimated' | 'none';
  usage_extra: Record<string, number>;
  price_version: string | null;
  receipt: Receipt | null;
  chunk_count: number | null;
  flags: string[];
  attempts: Attempt[];
  request: unknown;
  response: unknown;
}

export interface TracePage {
  traces: Trace[];
  next_cursor: string | null;
}

export interface Measures {
  total_requests: number;
  errors: number;
  error_rate: number;
  total_tokens: number;
  input_tokens: number;
  output_tokens: number;
  cost_usd: Usd;
  unpriced_requests: number;
  avg_latency_ms: number | null;
  p50_latency_ms: number | null;
  p95_latency_ms: number | null;
  p99_latency_ms: number | null;
  avg_ttfb_ms: number | null;
  avg_overhead_us: number | null;
}

export type Bucket = Measures & { start: Timestamp };
export type Summary = Measures & { from: Timestamp; to: Timestamp };
export type ModelMeasures = Measures & { provider: string | null; model: string | null };
export type TenantMeasures = Measures & { tenant_id: string };

export interface Analytics {
  from: Timestamp;
  to: Timestamp;
  /** `false` where not every trace was looked at. */
  complete: boolean;
  summary: Measures;
  timeseries: Bucket[];
}

export interface Tenant {
  id: string;
  name: string | null;
}

export interface TenantPage {
  tenants: Tenant[];
  next_cursor: string | null;
}
