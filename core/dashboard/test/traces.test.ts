import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trace } from '../src/api/types';
import { merge } from '../src/traces/merge';

const trace = (id: string, status = 'ok') => ({ id, created_at: `2026-01-01T00:00:0${id[0]}Z`, status_class: status }) as Trace;
const ids = (traces: Trace[] | null) => traces?.map((one) => one.id);

test('newer traces come before what is known', () => {
  assert.deepEqual(ids(merge([trace('5'), trace('4'), trace('3')], [trace('3'), trace('2')], false)), ['5', '4', '3', '2']);
});

test('a trace that took long is put where it began', () => {
  assert.deepEqual(ids(merge([trace('4'), trace('3'), trace('2')], [trace('4'), trace('2'), trace('1')], false)), ['4', '3', '2', '1']);
});

test('what has changed counts as it is now', () => {
  const merged = merge([trace('3', 'ok')], [trace('3', 'abandoned'), trace('2')], false);
  assert.equal(merged?.[0]?.status_class, 'ok');
});

test('where traces may be missing in between the list begins anew', () => {
  assert.equal(merge([trace('9'), trace('8')], [trace('3')], false), null);
  assert.deepEqual(ids(merge([trace('9')], [], false)), ['9']);
});
