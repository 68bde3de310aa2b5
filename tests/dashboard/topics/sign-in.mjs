import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { test } from 'node:test';
import { openPage, signIn } from '../support.mjs';

async function refusal(page, key) {
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  return page.getByRole('alert').textContent();
}

const stored = (page) => page.evaluate(() => [Object.values(sessionStorage), Object.values(localStorage)]);

export function signInTests(shared) {
  test('a key that is unknown, or may not read, is refused in plain words', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await page.goto(`${shared.gateway.url}/dashboard`);
    assert.match(await refusal(page, 'gwk_wrong'), /not known here/);
    await page.reload();
    assert.match(await refusal(page, shared.gateway.infer), /may not read traces.*“read”/);
    assert.deepEqual(await stored(page), [[], []]);
    await done();
  });

  test('a key that may only read is enough, and is forgotten with the tab', async () => {
    const { page, context, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway);
    await page.getByRole('listitem').filter({ hasText: 'Requests' }).first().waitFor();
    assert.deepEqual(await stored(page), [[shared.gateway.read], []]);
    await page.reload();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    assert.ok(!page.url().includes(shared.gateway.read));
    const other = await context.newPage();
    await other.goto(`${shared.gateway.url}/dashboard`);
    await other.getByLabel('API key').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').waitFor();
    assert.deepEqual(await stored(page), [[], []]);
    await done();
  });

  test('a key is kept on the device when asked to, until its owner signs out', async () => {
    const { page, context, done } = await openPage(shared.browser, shared.gateway);
    await page.goto(`${shared.gateway.url}/dashboard`);
    await page.getByLabel('Keep the key on this device').check();
    await page.getByLabel('API key').fill(shared.gateway.read);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    assert.deepEqual(await stored(page), [[], [shared.gateway.read]]);
    const other = await context.newPage();
    await other.goto(`${shared.gateway.url}/dashboard`);
    await other.getByRole('button', { name: 'Sign out' }).click();
    await other.getByLabel('API key').waitFor();
    assert.deepEqual(await stored(page), [[], []]);
    await done();
  });

  test('the page cannot be put into another one, nor run what is not its own', async () => {
    const response = await fetch(`${shared.gateway.url}/dashboard`);
    const policy = response.headers.get('content-security-policy');
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /script-src 'self';/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|https?:|data:|\*/);
    assert.doesNotMatch(await response.text(), /<script(?![^>]*\bsrc=)|\bstyle=|\son\w+=|https?:\/\//);
  });

  test('it works below a path of the host’s own', async () => {
    const inside = new URL(shared.gateway.url);
    const host = createServer((asked, answer) => {
      const path = asked.url.replace(/^\/llm/, '');
      const onward = request({ host: inside.hostname, port: inside.port, path, method: asked.method, headers: asked.headers }, (answered) => {
        answer.writeHead(answered.statusCode, answered.headers);
        answered.pipe(answer);
      });
      asked.pipe(onward);
    });
    await new Promise((ready) => host.listen(0, '127.0.0.1', ready));
    const outside = { ...shared.gateway, url: `http://127.0.0.1:${host.address().port}/llm` };
    const { page, done } = await openPage(shared.browser, outside);
    await signIn(page, outside);
    await page.locator('.card').first().waitFor();
    await done();
    host.closeAllConnections();
    await new Promise((closed) => host.close(closed));
  });
}
