import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, openPage, screenshot, signIn } from '../support.mjs';

const HASH = '#traces?window=24&request_id=the-conversation';

export function detailTests(shared) {
  test('a trace is opened, decrypted and read as a conversation', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.read, HASH);
    const row = page.locator('.rows [role=row]');
    await row.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('It is the harbour of Hamburg.').first().waitFor();

    const [request, response] = [dialog.locator('.side.request'), dialog.locator('.side.response')];
    assert.deepEqual(await request.locator('.turn > header').allTextContents(), ['tools', 'system', 'user', 'assistant', 'tool']);
    assert.equal(await request.locator('.turn.system .text').textContent(), 'You are a <b>careful</b> assistant.');
    assert.match(await request.locator('.media').textContent(), /^image image\/png, 720 bytes, SHA-256 /);
    assert.match(await request.locator('.turn.assistant .tool').textContent(), /tool call locate\{\s*"place": "harbour"\s*\}/);
    assert.match(await request.locator('.turn.tool .tool').textContent(), /Hamburg/);
    assert.match(await response.locator('.tool').textContent(), /tool call weather\{\s*"city": "Hamburg"\s*\}/);
    assert.match(await response.locator('.turn > header').textContent(), /tool_calls/);
    const raw = await request.locator('.raw pre').textContent();
    assert.match(raw, /"seed": 9007199254740993,/);
    assert.ok(!raw.includes('iVBORw0KGgo'));

    const { traces: [{ id }] } = await shared.gateway.get('traces?request_id=the-conversation');
    const trace = await shared.gateway.get(`traces/${id}`);
    assert.equal(trace.attempts.length, 2);
    assert.deepEqual(
      await dialog.locator('.attempts tbody td:nth-child(3)').allTextContents(),
      ['429 upstream rate limited', '200'],
    );
    assert.equal(await dialog.locator('.receipt .cost td').textContent(), `$${trace.cost_usd}`);
    assert.match(await dialog.locator('.receipt').textContent(), /reported1,050/);
    assert.deepEqual(
      await dialog.locator('.receipt .lines td:not([colspan])').allTextContents(),
      trace.receipt.lines.map((line) => `$${line.cost_usd}`),
    );
    assert.match(await dialog.locator('.receipt .lines').textContent(), /1,000 input at \$2\.50 a million/);
    const facts = await dialog.locator('.facts.wide').textContent();
    for (const fact of ['the-conversation', 'ada', 's-1', 'team green', 'gpt-4o-2024-08-06']) assert.ok(facts.includes(fact), `${fact}: ${facts}`);
    assert.match(await dialog.locator('.timing').getAttribute('aria-label'), /in all: waiting/);
    await screenshot(page, 'detail-light');

    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.ok(!page.url().includes('trace='));
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('data-id')), id);
    await done();
  });

  test('arrow keys walk from trace to trace', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.read, '#traces?window=24');
    const { traces } = await shared.gateway.get('traces?limit=3');
    await page.locator(`[data-id="${traces[0].id}"]`).click();
    const title = () => page.locator('#detail-title code').textContent();
    for (const [key, place] of [['ArrowRight', 1], ['ArrowRight', 2], ['ArrowLeft', 1], ['ArrowLeft', 0], ['ArrowLeft', 0]]) {
      await page.keyboard.press(key);
      await eventually(traces[place].id, title);
    }
    await page.mouse.click(5, 400);
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await done();
  });

  test('a trace is opened by its address alone', async () => {
    const { traces: [{ id }] } = await shared.gateway.get('traces?request_id=the-conversation');
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.read, `#analytics?trace=${id}`);
    await page.getByRole('dialog').getByText('It is the harbour of Hamburg.').first().waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await done();
  });
}
