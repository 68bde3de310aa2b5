// How it looks: pictures of every view, on a desk and on a phone, dark and light; and what axe, a checker of
// accessibility that other people wrote, has to say about each.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { openPage, screenshot, settled, signIn } from '../support.mjs';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

async function violations(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`);
}

async function check(page, name) {
  await settled(page);
  // What slides in has come to rest.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
  await screenshot(page, name);
  assert.deepEqual(await violations(page), [], name);
  assert.deepEqual(await page.evaluate(tooWide), [], name);
}

/** What has to be scrolled sideways, but for tables that are made for it. */
function tooWide() {
  const scrolls = (element) => !element.matches('.wide-table') && ['auto', 'scroll'].includes(getComputedStyle(element).overflowX);
  const all = [document.documentElement, ...document.querySelectorAll('main *, dialog, dialog *')];
  const isCut = (element) => element === document.documentElement || scrolls(element);
  return all.filter((element) => isCut(element) && element.scrollWidth > element.clientWidth).map((element) => element.className || element.tagName);
}

export function looksTests(shared) {
  for (const [device, options] of [['desk', {}], ['phone', PHONE]]) {
    for (const colorScheme of ['light', 'dark']) {
      test(`every view can be read on a ${device}, in ${colorScheme} colours`, async () => {
        const { page, done } = await openPage(shared.browser, shared.gateway, { ...options, colorScheme });
        const name = (view) => `${device}-${colorScheme}-${view}`;
        await page.goto(`${shared.gateway.url}/dashboard`);
        await page.getByLabel('API key').waitFor();
        await screenshot(page, name('sign-in'));
        assert.deepEqual(await violations(page), [], name('sign-in'));
        await signIn(page, shared.gateway, shared.gateway.admin);
        await page.locator('.models tbody tr').first().waitFor();
        await check(page, name('analytics'));
        await page.getByRole('button', { name: 'Traces', exact: true }).click();
        await page.locator('.rows [role=row]').first().waitFor();
        await check(page, name('traces'));
        const { traces: [{ id }] } = await shared.gateway.get('traces?request_id=the-conversation');
        await page.goto(`${shared.gateway.url}/dashboard#traces?window=24&request_id=the-conversation&trace=${id}`);
        await page.getByRole('dialog').getByText('It is the harbour of Hamburg.').first().waitFor();
        await check(page, name('detail'));
        await done();
      });
    }
  }

  test('colours can be chosen against the system’s, and stay so', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway);
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.getByRole('button', { name: 'Dark colours' }).click();
    const dark = await background();
    assert.notEqual(dark, light);
    await page.reload();
    await page.getByRole('button', { name: 'Light colours' }).waitFor();
    assert.equal(await background(), dark);
    await done();
  });
}
