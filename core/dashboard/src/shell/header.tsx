// The bar above everything: what is looked at, over which time, for which tenant.
import { useEffect, useState } from 'preact/hooks';
import { HOURS, type Route, type View, type Window } from './route';

const NAMES: Record<(typeof HOURS)[number], string> = { 1: '1 h', 6: '6 h', 24: '24 h', 168: '7 d', 720: '30 d' };
const VIEWS: [View, string][] = [['analytics', 'Analytics'], ['traces', 'Traces']];

interface Props {
  route: Route;
  tenant: string | null;
  tenants: string[] | null;
  theme: 'dark' | 'light';
  onChange: (change: Partial<Route>) => void;
  onRefresh: () => void;
  onTheme: () => void;
  onLeave: () => void;
}

export function Header({ route, tenant, tenants, theme, onChange, onRefresh, onTheme, onLeave }: Props) {
  return (
    <header class="bar">
      <h1><img src="dashboard/icon.svg" alt="" width="22" height="22" /> <span>libgateway</span></h1>
      <nav aria-label="Views">
        {VIEWS.map(([view, name]) => (
          <button type="button" key={view} aria-current={route.view === view ? 'page' : undefined} onClick={() => onChange({ view, trace: null })}>
            {name}
          </button>
        ))}
      </nav>
      <WindowChoice window={route.window} onWindow={(window) => onChange({ window })} />
      {tenants && <TenantChoice tenant={tenant} tenants={tenants} onTenant={(tenant) => onChange({ tenant, trace: null })} />}
      <div class="actions">
        <button type="button" onClick={onRefresh} title="Refresh (by itself every 30 seconds)" aria-label="Refresh">↻</button>
        <button type="button" onClick={onTheme} aria-label={theme === 'dark' ? 'Light colours' : 'Dark colours'}>
          {theme === 'dark' ? '☀' : '☾'}
        </button>
        <button type="button" onClick={onLeave}>Sign out</button>
      </div>
    </header>
  );
}

function WindowChoice({ window, onWindow }: { window: Window; onWindow: (window: Window) => void }) {
  const isCustom = 'since' in window;
  const [isOpen, setOpen] = useState(isCustom);
  return (
    <div class="windows" role="group" aria-label="Window">
      {HOURS.map((hours) => (
        <button
          type="button"
          key={hours}
          aria-pressed={'hours' in window && window.hours === hours}
          onClick={() => {
            setOpen(false);
            onWindow({ hours });
          }}
        >
          {NAMES[hours]}
        </button>
      ))}
      <button type="button" aria-pressed={isCustom} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>Custom</button>
      {isOpen && <CustomWindow window={window} onWindow={onWindow} />}
    </div>
  );
}

/** Two instants in the browser's own time. */
function CustomWindow({ window, onWindow }: { window: Window; onWindow: (window: Window) => void }) {
  const now = Date.now();
  const [since, setSince] = useState(local('since' in window ? Date.parse(window.since) : now - 24 * 3_600_000));
  const [until, setUntil] = useState(local('until' in window ? Date.parse(window.until) : now));
  const isOrdered = Date.parse(since) < Date.parse(until);
  const submit = (event: Event) => {
    event.preventDefault();
    if (isOrdered) onWindow({ since: new Date(since).toISOString(), until: new Date(until).toISOString() });
  };
  return (
    <form class="custom" onSubmit={submit}>
      <label>From <input type="datetime-local" value={since} onInput={(event) => setSince(event.currentTarget.value)} required /></label>
      <label>to <input type="datetime-local" value={until} onInput={(event) => setUntil(event.currentTarget.value)} required /></label>
      <button type="submit" disabled={!isOrdered}>Show</button>
    </form>
  );
}

/** What an input of local time takes. */
function local(millis: number): string {
  const at = new Date(millis);
  return new Date(millis - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

interface TenantProps {
  tenant: string | null;
  tenants: string[];
  onTenant: (tenant: string | null) => void;
}

/** Offers the tenants; one that is not among the first ones is typed, and nothing means all. */
function TenantChoice({ tenant, tenants, onTenant }: TenantProps) {
  const [text, setText] = useState(tenant ?? '');
  useEffect(() => setText(tenant ?? ''), [tenant]);
  const choose = (value: string) => {
    setText(value);
    const id = value.trim();
    if (id !== (tenant ?? '')) onTenant(id || null);
  };
  return (
    <label class="tenant">
      Tenant{' '}
      <input
        list="tenants"
        value={text}
        placeholder="all"
        spellcheck={false}
        onInput={(event) => {
          const value = event.currentTarget.value;
          // One that was picked from the list counts at once.
          if (value === '' || tenants.includes(value)) choose(value);
          else setText(value);
        }}
        onChange={(event) => choose(event.currentTarget.value)}
      />
      <datalist id="tenants">{tenants.map((id) => <option key={id} value={id} />)}</datalist>
    </label>
  );
}
