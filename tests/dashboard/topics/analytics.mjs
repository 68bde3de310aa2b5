import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZONE, eventually, openPage, settled, signIn } from '../support.mjs';

const grouped = (number) => number.toLocaleString('en-GB');
const chart = (page, title) => page.locator(`[data-chart="${title}"]`);
const card = (page, title) => page.locator('.card').filter({ has: page.getByRole('heading', { name: title, exact: true }) });
const value = (page, title) => card(page, title).locator('.value').textContent();

/** The numbers of a chart as its table has them, line by line. */
async function numbers(page, title, column = 1) {
  const cells = await chart(page, title).locator(`.numbers tbody td:nth-of-type(${column})`).allTextContents();
  return cells.map((text) => (text === '–' ? null : Number(text.replace(/[$,]/g, ''))));
}

/** How many bars of that colour are on the canvas: runs of columns that have it just above the axis. */
function bars(page, title) {
  return chart(page, title).locator('canvas').evaluate((canvas) => {
    const [red, green, blue] = [0xc8, 0x37, 0x2d];
    const context = canvas.getContext('2d');
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    const isColour = (x) => {
      for (let y = 0; y < height; y += 1) {
        const at = (y * width + x) * 4;
        if (Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue) < 12) return true;
      }
      return false;
    };
    let count = 0;
    for (let x = 1; x < width; x += 1) if (isColour(x) && !isColour(x - 1)) count += 1;
    return count;
  });
}

export function analyticsTests(shared) {
  test('cards say what the gateway counted, and how that has changed', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.read, '#analytics?window=24');
    const summary = await shared.gateway.get('analytics/summary?window=24');
    assert.equal(summary.total_requests, shared.gateway.traces);
    await eventually(grouped(summary.total_requests), () => value(page, 'Requests'));
    assert.equal(await value(page, 'Errors'), grouped(summary.errors));
    assert.equal(await value(page, 'Tokens'), grouped(summary.total_tokens));
    assert.match(await card(page, 'Cost').getAttribute('title'), new RegExp(`^\\$${summary.cost_usd.replace('.', '\\.')}(,|$)`));
    assert.match(await card(page, 'Requests').textContent(), /nothing before/);

    // The last 6 hours, against the 6 hours before.
    await page.getByRole('button', { name: '6 h', exact: true }).click();
    const now = await shared.gateway.get('analytics/summary?window=6');
    const length = Date.parse(now.to) - Date.parse(now.from);
    const before = await shared.gateway.get(`analytics/summary?since=${new Date(Date.parse(now.from) - length).toISOString()}&until=${now.from}`);
    await eventually(grouped(now.total_requests), () => value(page, 'Requests'));
    const change = (100 * (now.total_requests - before.total_requests)) / before.total_requests;
    const shown = await card(page, 'Requests').locator('.change').textContent();
    const [, sign, size] = /^([+−±])([\d.,]+) % than before$/.exec(shown);
    assert.ok(Math.abs((sign === '−' ? -1 : 1) * Number(size.replace(',', '')) - change) <= 0.51, `${shown}: ${change}`);
    await done();
  });

  test('charts draw the numbers of every window', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.read, '#analytics?window=24');
    for (const [name, hours, bucket] of [['1 h', 1, 5], ['6 h', 6, 30], ['24 h', 24, 60], ['7 d', 168, 360], ['30 d', 720, 1440]]) {
      await page.getByRole('button', { name, exact: true }).click();
      const zone = await page.locator('.span').textContent().then((text) => text.split(' in ').at(-1));
      assert.equal(zone, ZONE);
      const { summary, timeseries } = await shared.gateway.get(`analytics?window=${hours}&bucket=${bucket}&time_zone=${zone}`);
      const of = (pick) => timeseries.map(pick);
      await eventually(of((one) => one.total_requests), () => numbers(page, 'Requests'));
      assert.deepEqual(await numbers(page, 'Errors'), of((one) => one.errors));
      assert.deepEqual(await numbers(page, 'Cost'), of((one) => Number(one.cost_usd)));
      assert.deepEqual(await numbers(page, 'Tokens', 2), of((one) => one.output_tokens));
      assert.equal((await numbers(page, 'Requests')).reduce((sum, one) => sum + one, 0), summary.total_requests);
      // What is drawn: a bar for every bucket with an error.
      await eventually(timeseries.filter((one) => one.errors > 0).length, () => bars(page, 'Errors'));
    }
    await done();
  });

  test('a chart says the numbers of the bucket that is pointed at', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.read, '#analytics?window=24');
    const plot = chart(page, 'Requests').locator('.u-over');
    const read = () => chart(page, 'Requests').locator('.u-legend .u-value').nth(1).textContent();
    await plot.waitFor();
    await plot.scrollIntoViewIfNeeded();
    const { width, height } = await plot.boundingBox();
    const counted = await numbers(page, 'Requests');
    // Buckets lie evenly between both ends of the axis.
    for (const at of [5, 12, 20]) {
      await plot.hover({ position: { x: (width * at) / counted.length, y: height / 2 } });
      await eventually(grouped(counted[at]), read);
    }
    await done();
  });

  test('the table of models filters by a model', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.read, '#analytics?window=24');
    const { models } = await shared.gateway.get('analytics/models?window=24');
    const table = page.locator('.models tbody tr');
    await eventually(models.length, () => table.count());
    assert.deepEqual(
      await table.evaluateAll((rows) => rows.map((row) => [row.cells[0].textContent, row.cells[2].textContent])),
      models.map((one) => [one.model, grouped(one.total_requests)]),
    );
    await page.getByRole('button', { name: models[0].model, exact: true }).click();
    await settled(page);
    await eventually(grouped(models[0].total_requests), () => value(page, 'Requests'));
    await eventually(1, () => table.count());
    await done();
  });
}
