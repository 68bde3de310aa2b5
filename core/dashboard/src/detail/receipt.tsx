import type { Receipt as Lines, TraceDetail } from '../api/types';
import { exactUsd, perMillion } from '../format/money';
import { NONE, count, words } from '../format/text';

const SOURCES = { reported: 'as the provider reported', estimated: 'estimated', none: 'nobody reported any' };
const PRICES = { table: 'the table', gateway: 'the gateway’s own', tenant: 'the tenant’s own' };

/** What was used, leaf by leaf, and what it cost, line by line and to the last digit. */
export function Receipt({ trace }: { trace: TraceDetail }) {
  const leaves = Object.entries({ ...trace.usage, ...trace.usage_extra }).filter((leaf): leaf is [string, number] => leaf[1] !== null);
  return (
    <section>
      <h3>Usage and cost</h3>
      <table class="receipt">
        <tbody>
          {leaves.map(([name, tokens]) => <tr key={name}><th scope="row">{words(name)}</th><td>{count(tokens)}</td></tr>)}
          <tr class="total"><th scope="row">tokens, {SOURCES[trace.usage_source]}</th><td>{count(trace.total_tokens)}</td></tr>
        </tbody>
        {trace.receipt && <Costs receipt={trace.receipt} />}
        <tfoot>
          <tr class="total cost">
            <th scope="row">cost</th>
            <td>{trace.cost_usd === null ? `${NONE} not priced` : exactUsd(trace.cost_usd)}</td>
          </tr>
        </tfoot>
      </table>
    </section>
  );
}

function Costs({ receipt }: { receipt: Lines }) {
  const { lines, multiplier, tier, source, price_version: version } = receipt;
  const said = [PRICES[source], version, tier && `tier ${tier}`, multiplier !== '1' && multiplier !== '1/1' && `× ${multiplier}`];
  return (
    <tbody class="lines">
      {lines.map((line) => (
        <tr key={line.unit}>
          <th scope="row">{count(line.quantity)} {words(line.unit)} <small>at {perMillion(line.rate_pico_usd)} a million</small></th>
          <td>{exactUsd(line.cost_usd)}</td>
        </tr>
      ))}
      <tr><td colSpan={2}><small>Prices: {said.filter(Boolean).join(', ')}</small></td></tr>
    </tbody>
  );
}
