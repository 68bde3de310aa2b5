import type { TraceDetail } from '../api/types';
import { micros, millis } from '../format/text';

/** Where the time went, on one bar: until the first byte, until the first token, and until the end. */
export function Timing({ trace }: { trace: TraceDetail }) {
  const { latency_ms: total, ttfb_ms: firstByte, ttft_ms: firstToken } = trace;
  const marks = [firstByte, firstToken].filter((mark): mark is number => mark !== null);
  const names = ['waiting', 'first token', 'receiving'];
  const edges = [0, ...marks, total];
  const parts = edges.slice(1).map((end, index) => {
    const isLast = index === edges.length - 2;
    return { name: isLast && index > 0 ? 'receiving' : names[index] ?? '', length: Math.max(0, end - (edges[index] ?? 0)) };
  });
  const said = parts.map(({ name, length }) => `${name} ${millis(length)}`).join(', ');
  return (
    <section>
      <h3>Timing</h3>
      <div class="timing" role="img" aria-label={`${millis(total)} in all: ${said}`}>
        {parts.map(({ name, length }) => (
          <span key={name} class={name.replace(' ', '-')} style={{ flexGrow: String(total > 0 ? length / total : 1) }} title={`${name} ${millis(length)}`} />
        ))}
      </div>
      <dl class="facts">
        <Fact name="Latency">{millis(total)}</Fact>
        <Fact name="First byte">{millis(firstByte)}</Fact>
        <Fact name="First token">{millis(firstToken)}</Fact>
        <Fact name="Gateway’s own">{micros(trace.overhead_us)}</Fact>
      </dl>
    </section>
  );
}

export function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return <div><dt>{name}</dt><dd>{children}</dd></div>;
}
