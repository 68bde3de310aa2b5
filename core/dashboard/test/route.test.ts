import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketOf } from '../src/analytics/load';
import { NO_FILTERS, type Route, readPairs, readRoute, writePairs, writeRoute } from '../src/shell/route';

test('an address says what is looked at, and is read back', () => {
  const route: Route = {
    view: 'traces',
    window: { since: '2026-01-01T00:00:00.000Z', until: '2026-01-02T00:00:00.000Z' },
    filters: { ...NO_FILTERS, model: 'gpt-4o & co', status_class: 'timeout', metadata: { team: 'a=b', 'é?': '#1' } },
    trace: '0199',
    tenant: 'acme',
  };
  assert.deepEqual(readRoute(writeRoute(route)), route);
});

test('an address that somebody made up is read as far as it makes sense', () => {
  const route = readRoute('#nowhere?window=3&status_class=fine&since=yesterday&__proto__=1&toString=1&model=m');
  assert.deepEqual(route, { view: 'analytics', window: { hours: 24 }, filters: { ...NO_FILTERS, model: 'm' }, trace: null, tenant: null });
});

test('pairs are read as they are written', () => {
  assert.deepEqual(readPairs(' team = red ,stage=a=b'), { team: 'red', stage: 'a=b' });
  assert.equal(writePairs({ team: 'red', stage: 'a=b' }), 'team=red, stage=a=b');
  assert.deepEqual(readPairs(''), {});
  for (const text of ['team', '=red', 'team=red, stage']) assert.equal(readPairs(text), null, text);
});

test('a window of any length has a bucket of the gateway’s', () => {
  const since = '2026-01-01T00:00:00Z';
  assert.equal(bucketOf({ since, until: '2026-01-01T01:00:00Z' }), 5);
  assert.equal(bucketOf({ since, until: '2026-01-02T00:00:00Z' }), 30);
  assert.equal(bucketOf({ since, until: '2026-12-01T00:00:00Z' }), 1440);
  assert.equal(bucketOf({ hours: 720 }), 1440);
});
