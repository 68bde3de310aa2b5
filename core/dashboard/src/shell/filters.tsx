// The filters that both views share. The gateway does the filtering.
import { useEffect, useState } from 'preact/hooks';
import { type Credentials, get } from '../api/client';
import { type ModelMeasures, STATUS_CLASSES } from '../api/types';
import { words } from '../format/text';
import { useLoad } from './hooks';
import { type Filters as Values, NO_FILTERS, type Route, analyticsWindow, readPairs, writePairs } from './route';

interface Props {
  credentials: Credentials;
  route: Route;
  onChange: (change: Partial<Route>) => void;
}

const TEXTS: [Exclude<keyof Values, 'metadata' | 'status_class'>, string][] = [
  ['model', 'Model'], ['provider', 'Provider'], ['request_id', 'Request id'], ['user_id', 'User'], ['session_id', 'Session'],
];

export function Filters({ credentials, route, onChange }: Props) {
  const { filters } = route;
  const set = (part: Partial<Values>) => onChange({ filters: { ...filters, ...part }, trace: null });
  const used = Object.entries(filters).filter(([, value]) => (typeof value === 'string' ? value : writePairs(value)) !== '');
  const offers = useOffers(credentials, route);
  return (
    <details class="filters" open={used.length > 0 || matchMedia('(min-width: 60rem)').matches}>
      <summary>Filters{used.length > 0 && ` (${used.length})`}</summary>
      <form role="search" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
        {TEXTS.map(([name, title]) => (
          <TextFilter
            key={name}
            name={name}
            title={title}
            value={filters[name]}
            offers={offers[name]}
            onValue={(value) => set({ [name]: value })}
          />
        ))}
        <div class="field">
          <label for="filter-status">Status</label>
          <select id="filter-status" value={filters.status_class} onChange={(event) => set({ status_class: event.currentTarget.value })}>
            <option value="">any</option>
            {STATUS_CLASSES.map((name) => <option key={name} value={name}>{words(name)}</option>)}
          </select>
        </div>
        <TextFilter
          name="metadata"
          title="Metadata"
          value={writePairs(filters.metadata)}
          hint="team=red, stage=live"
          isValid={(text) => readPairs(text) !== null}
          onValue={(text) => set({ metadata: readPairs(text) ?? {} })}
        />
        {used.length > 0 && <button type="button" onClick={() => set(NO_FILTERS)}>Clear</button>}
      </form>
    </details>
  );
}

interface TextProps {
  name: string;
  title: string;
  value: string;
  offers?: string[] | undefined;
  hint?: string;
  isValid?: (text: string) => boolean;
  onValue: (value: string) => void;
}

/** Counts when it is left, or with Enter; until then what is typed is its own, whatever else is drawn anew. */
function TextFilter({ name, title, value, offers, hint, isValid = () => true, onValue }: TextProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const id = `filter-${name}`;
  return (
    <div class="field">
      <label for={id}>{title}</label>
      <input
        id={id}
        type="search"
        value={text}
        placeholder={hint}
        aria-invalid={!isValid(text)}
        list={offers && `${id}-offers`}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
        onChange={(event) => {
          const next = event.currentTarget.value.trim();
          if (isValid(next)) onValue(next);
        }}
      />
      {offers && <datalist id={`${id}-offers`}>{offers.map((offer) => <option key={offer} value={offer} />)}</datalist>}
    </div>
  );
}

/** The models and providers of the window, to choose from. */
function useOffers(credentials: Credentials, route: Route): Partial<Record<string, string[]>> {
  const parameters = analyticsWindow(route.window);
  const { data } = useLoad(JSON.stringify([credentials, parameters]), 0, (signal) =>
    get<{ models: ModelMeasures[] }>(credentials, 'analytics/models', parameters, signal));
  if (!data) return {};
  const distinct = (values: (string | null)[]) => [...new Set(values.filter((value) => value !== null))].sort();
  return {
    model: distinct(data.models.map((one) => one.model)),
    provider: distinct(data.models.map((one) => one.provider)),
  };
}
