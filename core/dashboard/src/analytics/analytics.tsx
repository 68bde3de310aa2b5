// The window in cards, charts and a table.
import { useEffect } from 'preact/hooks';
import { type Credentials, explain } from '../api/client';
import { fullTime } from '../format/text';
import { useLoad } from '../shell/hooks';
import { Notice } from '../shell/notice';
import type { Route } from '../shell/route';
import { Cards } from './cards';
import { Chart } from './chart';
import { Groups } from './groups';
import { loadAnalytics } from './load';
import { CHARTS } from './series';

interface Props {
  credentials: Credentials;
  /** Whether the key is an operator's, who sees all tenants. */
  isOperator: boolean;
  route: Route;
  tick: number;
  theme: string;
  onError: (error: unknown) => void;
  onChange: (change: Partial<Route>) => void;
}

export function Analytics({ credentials, isOperator, route, tick, theme, onError, onChange }: Props) {
  const question = JSON.stringify([credentials, route.window, route.filters]);
  const { data, error, isLoading } = useLoad(question, tick, (signal) =>
    loadAnalytics(credentials, { window: route.window, filters: route.filters, isOperator }, signal));
  useEffect(() => onError(error), [error, onError]);
  return (
    <section class="analytics" aria-label="Analytics" aria-busy={isLoading}>
      {error !== null && <Notice tone="error">{explain(error)}</Notice>}
      {!data && error === null && <Notice tone="plain">Loading …</Notice>}
      {data && (
        <>
          {data.analytics.complete === false && (
            <Notice tone="plain">There are too many traces for this filter: not all of them are counted.</Notice>
          )}
          <Cards now={data.analytics.summary} before={data.previous} />
          <p class="span">
            {fullTime(data.analytics.from)} to {fullTime(data.analytics.to)}, buckets in {data.zone}
          </p>
          <div class="charts">
            {CHARTS.map((spec) => (
              <Chart key={spec.title} spec={spec} buckets={data.analytics.timeseries} theme={theme} />
            ))}
          </div>
          <Groups
            id="models"
            title="Models"
            columns={['Model', 'Provider']}
            groups={data.models.map((one) => ({ names: [one.model, one.provider], measures: one }))}
            onChoose={([model, provider]) => onChange({ filters: { ...route.filters, model: model ?? '', provider: provider ?? '' } })}
          />
          {data.tenants && (
            <Groups
              id="all-tenants"
              title="All tenants"
              columns={['Tenant']}
              groups={data.tenants.map((one) => ({ names: [one.tenant_id], measures: one }))}
              onChoose={([tenant]) => onChange({ tenant: tenant ?? null })}
            />
          )}
        </>
      )}
    </section>
  );
}
