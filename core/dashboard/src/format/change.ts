// How a number has changed against the window before.

export interface Change {
  text: string;
  /** Whether more of it is meant to be good, bad or neither. */
  tone: 'good' | 'bad' | 'neutral';
}

export type Meaning = 'more is better' | 'less is better' | 'neither';

/** The change as a ratio; `null` where there was nothing before. */
export function changeOf(now: number | null, before: number | null): number | null {
  return now === null || before === null || before === 0 ? null : (now - before) / before;
}

/** In words, with a judgement; `null` where there is nothing to compare with. */
export function asChange(ratio: number | null, meaning: Meaning): Change | null {
  if (ratio === null) return null;
  const rounded = Math.abs(ratio) < 0.1 ? Math.round(ratio * 1000) / 10 : Math.round(ratio * 100);
  if (rounded === 0) return { text: '±0 %', tone: 'neutral' };
  const text = `${rounded > 0 ? '+' : '−'}${Math.abs(rounded).toLocaleString()} %`;
  if (meaning === 'neither') return { text, tone: 'neutral' };
  return { text, tone: rounded > 0 === (meaning === 'more is better') ? 'good' : 'bad' };
}
