import type { Measures } from '../api/types';
import { exactUsd, shortUsd } from '../format/money';
import { NONE, count, millis, percent } from '../format/text';

/** What traces are told apart by, and what was measured of them. */
export interface Group {
  /** The name in each of the first columns. */
  names: (string | null)[];
  measures: Measures;
}

interface Props {
  id: string;
  title: string;
  /** Headings of the names. */
  columns: string[];
  groups: Group[];
  onChoose: (names: (string | null)[]) => void;
}

const MEASURES = ['Requests', 'Errors', 'Tokens', 'Cost', 'p50', 'p95', 'p99'];

/** The window group by group; the first name of a group chooses it. */
export function Groups({ id, title, columns, groups, onChoose }: Props) {
  return (
    <div class={`groups ${id}`}>
      <h2 id={id}>{title}</h2>
      <div class="wide-table" tabIndex={0} role="region" aria-labelledby={id}>
        <table>
          <thead>
            <tr>
              {columns.map((name) => <th key={name} scope="col">{name}</th>)}
              {MEASURES.map((name) => <th key={name} scope="col" class="number">{name}</th>)}
            </tr>
          </thead>
          <tbody>
            {groups.map(({ names, measures }) => (
              <tr key={JSON.stringify(names)}>
                {names.map((name, index) => (index > 0 ? <td key={index}>{name ?? NONE}</td> : (
                  <th key={index} scope="row">
                    {name === null ? NONE : <button type="button" class="link" onClick={() => onChoose(names)}>{name}</button>}
                  </th>
                )))}
                <td class="number">{count(measures.total_requests)}</td>
                <td class="number" title={percent(measures.error_rate)}>{count(measures.errors)}</td>
                <td class="number">{count(measures.total_tokens)}</td>
                <Cost measures={measures} />
                <td class="number">{millis(measures.p50_latency_ms)}</td>
                <td class="number">{millis(measures.p95_latency_ms)}</td>
                <td class="number">{millis(measures.p99_latency_ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** Without a price there is no cost, which is not the same as none. */
function Cost({ measures: { cost_usd: cost, unpriced_requests: unpriced } }: { measures: Measures }) {
  const isUnpriced = unpriced > 0 && cost === '0';
  return <td class="number" title={exactUsd(cost)}>{isUnpriced ? 'not priced' : shortUsd(cost)}</td>;
}
