// Exact amounts of dollars: read as integers of 10⁻¹² dollars, never as floating point.
import type { Ratio, Usd } from '../api/types';

const PLACES = 12;
const PER_USD = 10n ** BigInt(PLACES);
/** Digits that are shown of an amount below a dollar. */
const SIGNIFICANT = 4;

/** As pico-dollars. */
export function pico(amount: Usd): bigint {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(amount) ?? [];
  const units = BigInt(whole) * PER_USD + BigInt(fraction.padEnd(PLACES, '0'));
  return sign ? -units : units;
}

/** Short, for tables and cards: cents from a dollar on, four digits below, rounded half up. */
export function shortUsd(amount: Usd): string {
  const units = pico(amount);
  const size = units < 0n ? -units : units;
  const sign = units < 0n ? '−' : '';
  if (size === 0n) return '$0';
  const zeros = size >= PER_USD ? 0 : PLACES - size.toString().length;
  const places = size >= PER_USD ? 2 : Math.min(PLACES, zeros + SIGNIFICANT);
  const step = 10n ** BigInt(PLACES - places);
  const rounded = (size + step / 2n) / step;
  const digits = rounded.toString().padStart(places + 1, '0');
  const whole = BigInt(digits.slice(0, -places)).toLocaleString('en');
  const fraction = digits.slice(-places);
  return `${sign}$${whole}.${size >= PER_USD ? fraction : fraction.replace(/0+$/, '').padEnd(2, '0')}`;
}

/** All of it. */
export function exactUsd(amount: Usd): string {
  return amount.startsWith('-') ? `−$${amount.slice(1)}` : `$${amount}`;
}

/** What a million cost at a rate of pico-dollars for each. */
export function perMillion(rate: Ratio): string {
  const [above = '0', below = '1'] = rate.split('/');
  return shortUsd(usd((BigInt(above) * 1_000_000n) / BigInt(below)));
}

function usd(units: bigint): Usd {
  const digits = units.toString().padStart(PLACES + 1, '0');
  return `${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`;
}

/** Where a chart draws it: the one place where an amount becomes a number. */
export function height(amount: Usd): number {
  return Number(amount);
}

/** The change in tenths of a percent; `null` where there was nothing before. */
export function changeOfUsd(now: Usd, before: Usd): number | null {
  const [a, b] = [pico(now), pico(before)];
  return b === 0n ? null : Number(((a - b) * 1000n) / b) / 1000;
}
