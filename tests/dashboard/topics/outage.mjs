import { test } from 'node:test';
import { openPage, signIn } from '../support.mjs';

export function outageTests(shared) {
  test('a store that is away is said so, and what is there comes back with it', async () => {
    const { page, done } = await openPage(shared.browser, shared.gateway);
    await signIn(page, shared.gateway, shared.gateway.read, '#traces?window=24');
    await page.locator('.rows [role=row]').first().waitFor();
    await shared.gateway.tell('stop the store');
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('alert').filter({ hasText: 'store is away' }).waitFor();
    // What was known is still there to be looked at.
    await page.locator('.rows [role=row]').first().waitFor();
    await page.getByRole('button', { name: 'Analytics' }).click();
    await page.getByRole('alert').filter({ hasText: 'store is away' }).waitFor();
    await shared.gateway.tell('start the store');
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.locator('.card').first().waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await done();
  });
}
