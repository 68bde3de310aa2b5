import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PATIENCE, ZONE, eventually, openPage, settled, signIn } from '../support.mjs';

const rows = (page) => page.locator('[role=grid] .rows [role=row]');
const foot = (page) => page.locator('.traces .foot').textContent();
const cells = (page, name) => page.locator(`[role=grid] .rows .${name}`).allTextContents();

export function tracesTests(shared) {
  test('the newest traces are shown, in the browser’s own time', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.read, '#traces?window=24');
    const { traces } = await shared.gateway.get('traces?limit=20');
    await rows(page).first().waitFor();
    const ids = await rows(page).evaluateAll((rows) => rows.map((row) => row.dataset.id));
    assert.deepEqual(ids.slice(0, 20), traces.map((trace) => trace.id));
    const local = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: ZONE });
    const shown = await cells(page, 'time');
    assert.ok(shown[0].endsWith(local.format(new Date(traces[0].created_at))), shown[0]);
    await done();
  });

  test('every filter is the gateway’s, and is part of the address', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.read, '#traces?window=24');
    await settled(page);
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).searchParams));
    for (const [label, value, parameter] of [
      ['Model', 'gpt-4o-2024-08-06', 'model'], ['Provider', 'openai', 'provider'], ['Request id', 'the-conversation', 'request_id'],
      ['User', 'ada', 'user_id'], ['Session', 's-1', 'session_id'],
    ]) {
      await page.getByLabel(label, { exact: true }).fill(value);
      await page.keyboard.press('Enter');
      await eventually(true, async () => asked.some((query) => query.get(parameter) === value));
    }
    await eventually('1 trace', () => foot(page));
    await page.getByLabel('Metadata').fill('team=green');
    await page.keyboard.press('Enter');
    await eventually(true, async () => asked.some((query) => query.get('metadata.team') === 'green'));
    await eventually('1 trace', () => foot(page));
    await page.getByLabel('Status', { exact: true }).selectOption('timeout');
    await page.getByText('No trace in this window.').waitFor();
    assert.match(page.url(), /status_class=timeout/);

    await page.goBack();
    await eventually('1 trace', () => foot(page));
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByLabel('Status', { exact: true }).selectOption('upstream_error');
    await eventually(true, async () => {
      const shown = await cells(page, 'result');
      return shown.length > 0 && shown.every((text) => text.trim() === 'upstream error 503');
    });
    await page.getByLabel('Metadata').fill('no pair');
    await eventually('true', () => page.getByLabel('Metadata').getAttribute('aria-invalid'));
    await done();
  });

  test('a shorter window has fewer traces', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.read, '#traces?window=24&user_id=user-0');
    const expected = async (hours) => {
      const since = new Date(Date.now() - hours * 3_600_000).toISOString();
      const { traces } = await shared.gateway.get(`traces?limit=200&user_id=user-0&since=${since}`);
      return `${traces.length} traces`;
    };
    await eventually('100 traces', () => foot(page));
    await page.getByRole('button', { name: '6 h', exact: true }).click();
    await eventually(await expected(6), () => foot(page));
    assert.notEqual(await foot(page), '100 traces');
    await page.getByRole('button', { name: 'Custom' }).click();
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await eventually(true, async () => page.url().includes('until='));
    await eventually(true, async () => /^\d+ traces?$/.test(await foot(page)));
    await done();
  });

  test('five thousand traces are scrolled through, each of them once', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.read, '#traces?window=24');
    await rows(page).first().waitFor();
    const scroller = page.locator('.scroller');
    const seen = new Set();
    const most = { rows: 0 };
    const deadline = Date.now() + 2 * PATIENCE;
    for (let last = 0; Date.now() < deadline;) {
      const [ids, at, isEnd] = await scroller.evaluate((element) => [
        [...element.querySelectorAll('[role=row]')].map((row) => row.dataset.id),
        element.scrollTop,
        element.scrollTop + element.clientHeight >= element.scrollHeight - 1,
      ]);
      for (const id of ids) seen.add(id);
      most.rows = Math.max(most.rows, ids.length);
      if (isEnd && (await foot(page)).endsWith(' traces')) break;
      // A screen at a time: what is drawn beyond its edges overlaps.
      if (at !== last || ids.length > 0) await scroller.evaluate((element) => { element.scrollTop += element.clientHeight; });
      last = at;
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    }
    const number = shared.gateway.traces.toLocaleString('en-GB');
    assert.equal(await foot(page), `${number} traces`);
    assert.equal(seen.size, shared.gateway.traces);
    assert.ok(most.rows < 120, `${most.rows} rows were drawn at once`);
    await done();
  });

  test('the list is walked by keyboard', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.read, '#traces?window=24');
    await rows(page).first().waitFor();
    const place = () => page.evaluate(() => document.activeElement?.getAttribute('aria-rowindex'));
    await rows(page).first().focus();
    for (const [key, row] of [['ArrowDown', '3'], ['PageDown', '13'], ['ArrowUp', '12'], ['End', '101'], ['Home', '2']]) {
      await page.keyboard.press(key);
      // The end is where the list ends so far: it may have grown by then.
      await eventually(true, async () => (key === 'End' ? Number(await place()) >= Number(row) : (await place()) === row));
    }
    await done();
  });

  test('a new trace appears by itself within half a minute', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await page.clock.install();
    await signIn(page, shared.gateway, shared.gateway.read, '#traces?window=24');
    await rows(page).first().waitFor();
    const first = () => rows(page).first().getAttribute('data-id');
    const before = await first();
    await shared.gateway.tell('chat');
    shared.gateway.traces += 1;
    const answered = shared.gateway.get('traces?limit=1');
    const { traces: [newest] } = await answered;
    assert.notEqual(newest.id, before);
    assert.equal(await first(), before);
    await page.clock.runFor(30_000);
    await eventually(newest.id, first);
    await done();
  });
}
