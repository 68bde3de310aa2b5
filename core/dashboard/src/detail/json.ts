// JSON for reading: indented, its numbers as they were written.

/** The members of a JSON object as indented text. Integers beyond 2^53 stay exact where the browser can say them. */
export function indented(text: string, keys: string[]): Record<string, string> {
  const parsed = JSON.parse(text, exact as (key: string, value: unknown) => unknown) as Record<string, unknown>;
  return Object.fromEntries(keys.map((key) => [key, JSON.stringify(parsed[key] ?? null, null, 2)]));
}

/** Newer than what TypeScript knows of `JSON`. */
interface RawJson {
  rawJSON?: (text: string) => unknown;
}

function exact(_key: string, value: unknown, context?: { source?: string }): unknown {
  const { rawJSON } = JSON as RawJson;
  const isChanged = typeof value === 'number' && context?.source !== undefined && String(value) !== context.source;
  return isChanged && rawJSON ? rawJSON(context.source as string) : value;
}
