// A gateway with a history, and a browser that looks at its dashboard. Every page is watched: it may ask nobody but the
// gateway, and may complain of nothing.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

/** How long anything is waited for: far longer than it takes, on a busy machine too. */
export const PATIENCE = 60_000;
/** The zone of the browser: neither UTC nor the machine's. */
export const ZONE = 'Europe/Berlin';

const SCREENSHOTS = fileURLToPath(new URL('../../target/dashboard-screenshots/', import.meta.url));
const PROGRAM = process.env.LIBGATEWAY_TEST_DASHBOARD;
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-first-run',
];

/** The gateway: what `tests/examples/dashboard.rs` prints, and a way to tell it things. */
export async function startGateway(...options) {
  assert.ok(PROGRAM, 'LIBGATEWAY_TEST_DASHBOARD names no program: run `make test-dashboard`');
  const child = spawn(PROGRAM, options, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    assert.ok(!done, 'the gateway has ended');
    return value;
  };
  const ready = JSON.parse(await line());
  return {
    ...ready,
    /** Tells it to do something, and waits until it is done. */
    async tell(command) {
      child.stdin.write(`${command}\n`);
      assert.equal(await line(), 'done');
    },
    /** Asks the same routes as the page does. */
    async get(path, key = ready.read) {
      const response = await fetch(`${ready.url}/v1/${path}`, { headers: { authorization: `Bearer ${key}` } });
      assert.equal(response.status, 200, path);
      return response.json();
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin.end();
      await ended;
    },
  };
}

export async function startBrowser() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/** A page of its own, watched. `done` closes it and fails when it did what no page may. */
export async function openPage(browser, gateway, options = {}) {
  const context = await browser.newContext({
    locale: 'en-GB', timezoneId: ZONE, viewport: { width: 1440, height: 900 }, colorScheme: 'light', ...options,
  });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`an error: ${error.stack}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${gateway.url}/`)) complaints.push(`a request to ${request.url()}`);
  });
  page.on('console', (message) => {
    // What the gateway refuses is the browser's to mention.
    const isRefusal = message.text().startsWith('Failed to load resource');
    if (['error', 'warning'].includes(message.type()) && !isRefusal) complaints.push(`${message.type()}: ${message.text()}`);
  });
  return {
    page,
    context,
    async done() {
      await context.close();
      assert.deepEqual(complaints, []);
    },
  };
}

/** Signs in, and waits until there is something to see; where the page is there already, `hash` is null. */
export async function signIn(page, gateway, key = gateway.read, hash = '') {
  if (hash !== null) await page.goto(`${gateway.url}/dashboard${hash}`);
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

/** Waits until the page has an answer to what it asked. */
export async function settled(page) {
  await page.locator('main [aria-busy=false]').first().waitFor();
}

/** Waits until a value is what it should be. */
export async function eventually(expected, read) {
  const deadline = Date.now() + PATIENCE;
  let last;
  while (Date.now() < deadline) {
    last = await read();
    try {
      assert.deepEqual(last, expected);
      return;
    } catch {
      // What a page or a gateway comes to is looked at until it is there: nobody tells of it.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  assert.deepEqual(last, expected);
}

export async function screenshot(page, name) {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}
