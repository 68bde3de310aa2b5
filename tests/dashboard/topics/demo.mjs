import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { eventually, openPage, signIn } from '../support.mjs';

const DEMO = process.env.LIBGATEWAY_TEST_DEMO;

export function demoTests(shared) {
  test('the demo ends with a dashboard of its two tenants, until it is interrupted', async () => {
    assert.ok(DEMO, 'LIBGATEWAY_TEST_DEMO names no program: run `make test-dashboard`');
    const { OPENAI_API_KEY: _, ...environment } = process.env;
    const demo = spawn(DEMO, ['--dashboard'], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => demo.once('exit', resolve));
    const said = {};
    for await (const line of createInterface({ input: demo.stdout })) {
      const [, name, value] = /^ {2}(address|key) +(\S+)$/.exec(line) ?? [];
      if (name) said[name] = value;
      if (said.key) break;
    }
    const url = said.address.replace(/\/dashboard$/, '');
    const { page, done } = await openPage(shared.browser, { url });
    await signIn(page, { url }, said.key, '#traces?window=1');
    const foot = () => page.locator('.traces .foot').textContent();
    await eventually('4 traces', foot);
    await page.getByLabel('Tenant', { exact: true }).fill('globex');
    await eventually('1 trace', foot);
    await done();
    demo.kill('SIGINT');
    assert.equal(await ended, 0);
  });
}
