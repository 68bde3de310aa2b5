// One trace, slid in from the side: everything about it, and its content, which the gateway decrypts for whoever may
// read it. Escape closes it; the left and right arrow keys open the trace before and the one after in the list.
import { useEffect, useRef } from 'preact/hooks';
import { type Credentials, explain, getText } from '../api/client';
import type { TraceDetail } from '../api/types';
import { NONE, fullTime, words } from '../format/text';
import { useLoad } from '../shell/hooks';
import { Notice } from '../shell/notice';
import { Status } from '../traces/status';
import type { TraceList } from '../traces/use-traces';
import { Attempts } from './attempts';
import { requestTurns, responseTurns } from './conversation';
import { indented } from './json';
import { Receipt } from './receipt';
import { Fact, Timing } from './timing';
import { Turns } from './turns';

interface Props {
  credentials: Credentials;
  id: string;
  /** The list it was opened from. */
  traces: TraceList | null;
  onOpen: (id: string) => void;
  onClose: () => void;
}

export function Detail({ credentials, id, traces, onOpen, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { data: text, error } = useLoad(JSON.stringify([credentials, id]), 0, (signal) =>
    getText(credentials, `traces/${encodeURIComponent(id)}`, {}, signal));
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  useEffect(() => dialog.current?.scrollTo({ top: 0 }), [id]);

  const place = traces?.traces.findIndex((trace) => trace.id === id) ?? -1;
  const newer = place > 0 ? traces?.traces[place - 1] : undefined;
  const older = place >= 0 ? traces?.traces[place + 1] : undefined;
  const onKeyDown = (event: KeyboardEvent) => {
    const next = event.key === 'ArrowLeft' ? newer : event.key === 'ArrowRight' ? older : undefined;
    if (!next || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    onOpen(next.id);
  };
  return (
    <dialog
      ref={dialog}
      class="detail"
      aria-labelledby="detail-title"
      onKeyDown={onKeyDown}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        // What lies around the dialog counts as itself.
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class="inside">
        <header class="title">
          <h2 id="detail-title">Trace <code>{id}</code></h2>
          <button type="button" onClick={() => newer && onOpen(newer.id)} disabled={!newer} aria-label="Newer trace" title="Newer (←)">←</button>
          <button type="button" onClick={() => older && onOpen(older.id)} disabled={!older} aria-label="Older trace" title="Older (→)">→</button>
          <button type="button" onClick={onClose} aria-label="Close" title="Close (Esc)">✕</button>
        </header>
        {error !== null && <Notice tone="error">{explain(error)}</Notice>}
        {!text && error === null && <Notice tone="plain">Loading …</Notice>}
        {text && <Content text={text} />}
      </div>
    </dialog>
  );
}

function Content({ text }: { text: string }) {
  const trace = JSON.parse(text) as TraceDetail;
  const raw = indented(text, ['request', 'response']);
  return (
    <>
      <Facts trace={trace} />
      <div class="columns">
        <Timing trace={trace} />
        <Receipt trace={trace} />
      </div>
      {trace.attempts.length > 0 && <Attempts attempts={trace.attempts} />}
      <Side title="Request" side="request" body={trace.request} raw={raw['request'] ?? ''} />
      <Side title="Response" side="response" body={trace.response} raw={raw['response'] ?? ''} />
    </>
  );
}

function Facts({ trace }: { trace: TraceDetail }) {
  const metadata = Object.entries(trace.metadata);
  const { requested_model: wanted, deployment } = trace;
  const asked = deployment === null || deployment === wanted ? wanted : `${wanted ?? NONE} → ${deployment}`;
  const optional: [string, string | null][] = [
    ['Request id', trace.request_id],
    ['Upstream’s id', trace.upstream_request_id],
    ['User', trace.user_id],
    ['Session', trace.session_id],
    ['API key', trace.api_key_id],
    ['Chunks', trace.chunk_count === null ? null : String(trace.chunk_count)],
    ['Error', trace.error_code && words(trace.error_code)],
    ['Flags', trace.flags.map(words).join(', ') || null],
  ];
  return (
    <dl class="facts wide">
      <Fact name="Status"><Status trace={trace} /></Fact>
      <Fact name="Began">{fullTime(trace.created_at)}</Fact>
      <Fact name="Model">{trace.model ?? NONE}</Fact>
      {asked !== trace.model && <Fact name="Asked for">{asked ?? NONE}</Fact>}
      <Fact name="Provider">{trace.provider ?? NONE}</Fact>
      <Fact name="Endpoint">{trace.endpoint}{trace.stream && ', streamed'}</Fact>
      {optional.map(([name, value]) => value && <Fact key={name} name={name}>{value}</Fact>)}
      {metadata.length > 0 && (
        <Fact name="Metadata">
          <ul class="metadata">{metadata.map(([key, value]) => <li key={key}><b>{key}</b> {value}</li>)}</ul>
        </Fact>
      )}
    </dl>
  );
}

/** A body as a conversation, and as it is beside that. */
function Side({ title, side, body, raw }: { title: string; side: 'request' | 'response'; body: unknown; raw: string }) {
  const turns = side === 'request' ? requestTurns(body) : responseTurns(body);
  return (
    <section class={`side ${side}`}>
      <h3>{title}</h3>
      {turns.length === 0 ? (
        <Notice tone="plain">No content was kept.</Notice>
      ) : (
        <div class="beside">
          <Turns turns={turns} side={side} />
          <details class="raw" open={matchMedia('(min-width: 60rem)').matches}>
            <summary>JSON</summary>
            <pre tabIndex={0} aria-label={`${title} as JSON`}>{raw}</pre>
          </details>
        </div>
      )}
    </section>
  );
}
