// How long the dashboard takes to be of use with a million traces: from going to its address, with a key that is kept, to
// the numbers of 24 hours, and to the newest traces. Every time in a browser's tab that has loaded nothing before.
import { openPage, signIn, startBrowser, startGateway } from './support.mjs';

const COPIES = 199;
const TIMES = 20;
const PROMISE_MS = 1000;

const [gateway, browser] = await Promise.all([startGateway(String(COPIES)), startBrowser()]);
console.log(`the dashboard with ${gateway.traces.toLocaleString('en')} traces of one tenant`);
for (const [name, hash, sign] of [
  ['cards and charts of 24 hours', '#analytics?window=24', '.groups tbody tr'],
  ['the newest traces', '#traces?window=24', '.rows [role=row]'],
]) {
  const took = [];
  for (let time = 0; time < TIMES; time += 1) {
    const { page, context, done } = await openPage(browser, gateway);
    await page.goto(`${gateway.url}/dashboard`);
    await page.getByLabel('Keep the key on this device').check();
    await signIn(page, gateway, gateway.read, null);
    await page.close();
    const fresh = await context.newPage();
    const began = performance.now();
    await fresh.goto(`${gateway.url}/dashboard${hash}`);
    await fresh.locator(sign).first().waitFor();
    took.push(performance.now() - began);
    await done();
  }
  took.sort((a, b) => a - b);
  const [middle, most] = [took[Math.floor(TIMES / 2)], took[TIMES - 1]].map((ms) => `${Math.round(ms)} ms`);
  console.log(`${name.padEnd(32)} p50 ${middle.padStart(8)}   most ${most.padStart(8)}   promise ≤ ${PROMISE_MS} ms`);
}
await browser.close();
await gateway.stop();
