import type { Measures } from '../api/types';
import { type Change, type Meaning, asChange, changeOf } from '../format/change';
import { changeOfUsd, exactUsd, shortUsd } from '../format/money';
import { count, micros, millis, percent } from '../format/text';

interface Card {
  title: string;
  value: string;
  /** Said beside it. */
  aside?: string;
  /** More exactly, or in more words. */
  note?: string;
  change: Change | null;
}

/** The window in numbers, and how they have changed against the window before. */
export function Cards({ now, before }: { now: Measures; before: Measures }) {
  return (
    <ul class="cards">
      {cardsOf(now, before).map(({ title, value, aside, note, change }) => (
        <li key={title} class="card" title={note}>
          <h2>{title}</h2>
          <p><span class="value">{value}</span>{aside && <small> {aside}</small>}</p>
          <p class={`change ${change?.tone ?? 'neutral'}`}>{change ? <>{change.text} <span>than before</span></> : <span>nothing before</span>}</p>
        </li>
      ))}
    </ul>
  );
}

function cardsOf(now: Measures, before: Measures): Card[] {
  const of = (pick: (measures: Measures) => number | null, meaning: Meaning) =>
    asChange(changeOf(pick(now), pick(before)), meaning);
  const latency = (title: string, pick: (measures: Measures) => number | null): Card =>
    ({ title, value: millis(pick(now)), change: of(pick, 'less is better') });
  return [
    { title: 'Requests', value: count(now.total_requests), change: of((one) => one.total_requests, 'neither') },
    {
      title: 'Errors',
      value: count(now.errors),
      aside: percent(now.error_rate),
      // More requests may have more errors.
      change: of((one) => one.error_rate, 'less is better'),
    },
    {
      title: 'Cost',
      value: shortUsd(now.cost_usd),
      ...(now.unpriced_requests > 0 && { aside: `+ ${count(now.unpriced_requests)} not priced` }),
      note: exactUsd(now.cost_usd),
      change: asChange(changeOfUsd(now.cost_usd, before.cost_usd), 'neither'),
    },
    {
      title: 'Tokens',
      value: count(now.total_tokens),
      note: `${count(now.input_tokens)} in, ${count(now.output_tokens)} out`,
      change: of((one) => one.total_tokens, 'neither'),
    },
    latency('Latency, mean', (one) => one.avg_latency_ms),
    latency('Latency, p50', (one) => one.p50_latency_ms),
    latency('Latency, p95', (one) => one.p95_latency_ms),
    latency('Latency, p99', (one) => one.p99_latency_ms),
    {
      title: 'Overhead, mean',
      value: micros(now.avg_overhead_us),
      note: 'What the gateway itself adds to a request',
      change: of((one) => one.avg_overhead_us, 'less is better'),
    },
  ];
}
