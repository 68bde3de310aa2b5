import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, openPage, signIn } from '../support.mjs';

export function operatorTests(shared) {
  test('an operator’s key looks at all tenants, and at one after the other', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.admin, '#traces?window=24');
    const tenant = page.getByLabel('Tenant', { exact: true });
    await eventually('', () => tenant.inputValue());
    await eventually(['acme', 'globex'], async () => [...new Set(await page.locator('.rows .whose').allTextContents())].sort());
    await tenant.fill('acme');
    await eventually(0, () => page.locator('.rows .whose').count());
    const users = () => page.locator('.rows .user').allTextContents();
    await eventually(true, async () => (await users()).some((user) => user.startsWith('user-')));
    assert.deepEqual(await page.locator('#tenants option').evaluateAll((options) => options.map((option) => option.value)), ['acme', 'globex']);

    await tenant.fill('globex');
    await eventually('1 trace', () => page.locator('.traces .foot').textContent());
    await page.locator('.rows [role=row]').click();
    await page.getByRole('dialog').getByText('hello from globex').first().waitFor();
    await page.keyboard.press('Escape');

    await tenant.fill('nobody');
    await page.keyboard.press('Enter');
    await eventually(true, async () => /tenant/.test(await page.locator('.traces .notice').first().textContent()));
    await done();
  });

  test('an operator sees all tenants side by side, and goes to one of them', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.admin, '#analytics?window=24');
    const { tenants } = await shared.gateway.get('admin/analytics/tenants?window=24', shared.gateway.admin);
    const expected = tenants.map((one) => [one.tenant_id, one.total_requests.toLocaleString('en-GB')]);
    assert.equal(expected.length, 2);
    const rows = page.locator('.all-tenants tbody tr');
    await eventually(expected, () => rows.evaluateAll((rows) => rows.map((row) => [row.cells[0].textContent, row.cells[1].textContent])));
    await page.getByRole('button', { name: 'globex', exact: true }).click();
    await eventually('globex', () => page.getByLabel('Tenant', { exact: true }).inputValue());
    await eventually('1', () => page.locator('.card .value').first().textContent());
    await done();
  });

  test('a tenant’s key is offered no other tenant', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.both, '#analytics?tenant=globex');
    await page.locator('.card').first().waitFor();
    assert.equal(await page.getByLabel('Tenant', { exact: true }).count(), 0);
    await done();
  });
}
