// What each chart shows: for every bucket the height that is drawn, and the value in words.
import type { Bucket } from '../api/types';
import { exactUsd, height, shortUsd } from '../format/money';
import { count, millis, short } from '../format/text';

export interface Line {
  name: string;
  /** A variable of the style sheet. */
  colour: string;
  height: (bucket: Bucket) => number | null;
  value: (bucket: Bucket) => string;
}

export interface ChartSpec {
  title: string;
  shape: 'bars' | 'lines';
  axis: (value: number) => string;
  lines: Line[];
}

const counted = (name: string, colour: string, pick: (bucket: Bucket) => number): Line =>
  ({ name, colour, height: pick, value: (bucket) => count(pick(bucket)) });
const timed = (name: string, colour: string, pick: (bucket: Bucket) => number | null): Line =>
  ({ name, colour, height: pick, value: (bucket) => millis(pick(bucket)) });

export const CHARTS: ChartSpec[] = [
  { title: 'Requests', shape: 'bars', axis: short, lines: [counted('requests', '--series-1', (one) => one.total_requests)] },
  { title: 'Errors', shape: 'bars', axis: short, lines: [counted('errors', '--series-bad', (one) => one.errors)] },
  {
    title: 'Latency',
    shape: 'lines',
    axis: (value) => millis(value),
    lines: [
      timed('p50', '--series-1', (one) => one.p50_latency_ms),
      timed('p95', '--series-2', (one) => one.p95_latency_ms),
      timed('p99', '--series-3', (one) => one.p99_latency_ms),
    ],
  },
  {
    title: 'Cost',
    shape: 'bars',
    axis: (value) => shortUsd(value.toFixed(9)),
    lines: [{ name: 'cost', colour: '--series-2', height: (one) => height(one.cost_usd), value: (one) => exactUsd(one.cost_usd) }],
  },
  {
    title: 'Tokens',
    shape: 'lines',
    axis: short,
    lines: [
      counted('input', '--series-1', (one) => one.input_tokens),
      counted('output', '--series-3', (one) => one.output_tokens),
    ],
  },
];
