import type { ComponentChildren } from 'preact';

/** A sentence in the place of what could not be shown. Errors are read out. */
export function Notice({ tone, children }: { tone: 'error' | 'plain'; children: ComponentChildren }) {
  return (
    <p class={`notice ${tone}`} role={tone === 'error' ? 'alert' : 'status'}>
      {children}
    </p>
  );
}
