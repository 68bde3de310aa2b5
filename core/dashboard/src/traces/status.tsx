import type { Trace } from '../api/types';
import { words } from '../format/text';

/** How a request ended: in colour, and in words for those who see none. */
export function Status({ trace }: { trace: Trace }) {
  const code = trace.status_code === null ? '' : ` ${trace.status_code}`;
  return (
    <span class={`status ${trace.status_class}`} title={trace.error_code ?? undefined}>
      {words(trace.status_class)}{code}
    </span>
  );
}
