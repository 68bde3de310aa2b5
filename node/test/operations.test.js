'use strict';
// The operations that call no model: what they take, what they answer, how they fail.

const assert = require('node:assert/strict');
const { it } = require('node:test');

const { ALL_TENANTS, Gateway, GatewayError, Provider } = require('libgateway');
const { HELLO, TENANT, onlyTrace, openBoth } = require('./support/open.js');
const { directory } = require('./support/stores.js');

const refused = (code, param) => (error) => {
    assert.ok(error instanceof GatewayError);
    assert.deepEqual([error.code, error.param], [code, param]);
    return true;
};

it('tenants are made, changed, listed and deleted', async (test) => {
    const { gateway } = await openBoth(test);
    const made = await gateway.createTenant('globex', { name: 'Globex', capture: 'none', retention: { days: 7 } });
    assert.deepEqual([made.id, made.capture, made.retention.days], ['globex', 'none', 7]);
    assert.match((await gateway.createTenant()).id, /^[0-9a-f-]{36}$/);
    assert.equal((await gateway.updateTenant('globex', { status: 'disabled' })).status, 'disabled');
    assert.equal((await gateway.getTenant('globex')).name, 'Globex');
    const first = await gateway.listTenants({ limit: 2 });
    const rest = await gateway.listTenants({ limit: 2, cursor: first.next_cursor });
    assert.deepEqual([first.tenants.length, rest.tenants.length, rest.next_cursor], [2, 1, null]);
    assert.equal(await gateway.deleteTenant('globex'), undefined);
    await assert.rejects(gateway.getTenant('globex'), refused('tenant_not_found', null));
    assert.equal((await gateway.eraseTenant(TENANT)).providers, 1);
});

it('a provider that was looked up describes itself, can be called, and is evicted', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    const set = await gateway.setProvider(TENANT, { ...upstream.provider, name: 'second', models: ['o*'] });
    assert.deepEqual([set.name, set.has_api_key, 'api_key' in set], ['second', true, false]);
    assert.deepEqual((await gateway.listProviders(TENANT)).providers.map(({ name }) => name), ['openai', 'second']);

    const provider = await gateway.getProviderForTenant(TENANT);
    assert.ok(provider instanceof Provider);
    assert.deepEqual([provider.name, provider.kind, provider.default], ['openai', 'openai', true]);
    assert.equal(provider.capabilities.embeddings, true);
    assert.ok(!JSON.stringify(provider).includes('sk-test'));
    const reply = await provider.chat(HELLO, { user_id: 'u' });
    assert.deepEqual([reply.provider, reply.status], ['openai', 200]);
    const chunks = [];
    for await (const chunk of provider.chatStream(HELLO)) {
        chunks.push(chunk);
    }
    assert.ok(chunks.length > 2);
    assert.equal((await gateway.getProviderForTenant(TENANT, 'second')).name, 'second');

    assert.deepEqual(await gateway.evictProvider(TENANT), { evicted: true });
    assert.deepEqual(await gateway.evictProvider(TENANT), { evicted: false });
    assert.equal(await gateway.deleteProvider(TENANT, 'second'), undefined);
    await assert.rejects(gateway.getProviderForTenant(TENANT, 'second'), refused('provider_not_found', null));
});

it('keys are made, listed without their secrets, and revoked', async (test) => {
    const { gateway } = await openBoth(test);
    const key = await gateway.createApiKey(TENANT, { name: 'ci', scopes: ['infer', 'read'] });
    assert.match(key.secret, /^gwk_/);
    const { api_keys: listed } = await gateway.listApiKeys(TENANT);
    assert.deepEqual(listed.map(({ id, name, status }) => [id, name, status]), [[key.id, 'ci', 'active']]);
    assert.ok(!JSON.stringify(listed).includes(key.secret));
    assert.equal(await gateway.revokeApiKey(TENANT, key.id), undefined);
    const admin = await gateway.createAdminKey({ name: 'root', scopes: ['admin'] });
    await gateway.revokeAdminKey(admin.id);
    assert.equal((await gateway.listAdminKeys()).api_keys[0].status, 'revoked');
});

it('traces are listed page by page, iterated to the last, and read with their content', async (test) => {
    const { gateway } = await openBoth(test);
    for (let number = 0; number < 5; number += 1) {
        await gateway.chat(TENANT, HELLO, { metadata: { number: String(number) } });
    }
    await gateway.flush();
    const page = await gateway.listTraces(TENANT, { limit: 2 });
    assert.equal(page.traces.length, 2);
    const all = [];
    for await (const trace of gateway.traces(TENANT, { limit: 2 })) {
        all.push(trace);
    }
    // Those of one millisecond come in any order.
    assert.deepEqual(all.map(({ metadata }) => metadata.number).sort(), ['0', '1', '2', '3', '4']);
    const one = await gateway.listTraces(TENANT, { metadata: { number: '3' } });
    const detail = await gateway.getTrace(TENANT, one.traces[0].id);
    assert.deepEqual(detail.request, HELLO);
    assert.equal(detail.response.choices[0].message.role, 'assistant');
});

it('whoever operates the gateway reads all tenants at once', async (test) => {
    const { gateway } = await openBoth(test);
    await gateway.createTenant('globex', { provider: { kind: 'mock' } });
    for (const tenant of [TENANT, 'globex', TENANT]) {
        await gateway.chat(tenant, HELLO);
    }
    await gateway.flush();
    const all = [];
    for await (const trace of gateway.traces(ALL_TENANTS, { limit: 2 })) {
        all.push(trace);
    }
    assert.deepEqual(all.map((trace) => trace.tenant_id), [TENANT, 'globex', TENANT]);
    assert.deepEqual((await gateway.getTrace(ALL_TENANTS, all[1].id)).request, HELLO);
    assert.equal((await gateway.analyticsSummary(ALL_TENANTS)).total_requests, 3);
    // Only the constant means all: nothing that could come from a request does.
    for (const tenant of ['all', '*', '', null, undefined]) {
        await assert.rejects(gateway.listTraces(tenant), GatewayError);
    }
    await assert.rejects(gateway.listTraces(TENANT, { tenants: 'all' }), refused('invalid_field', 'tenants'));
});

it('analytics count what was asked', async (test) => {
    const { gateway } = await openBoth(test);
    await gateway.chat(TENANT, HELLO);
    await gateway.flush();
    const { summary, timeseries } = await gateway.analytics(TENANT, { window_hours: 1, bucket_minutes: 5 });
    assert.deepEqual([summary.total_requests, summary.errors, typeof summary.cost_usd], [1, 0, 'string']);
    assert.ok(timeseries.length >= 12);
    assert.equal((await gateway.analyticsSummary(TENANT)).total_requests, 1);
    assert.ok((await gateway.analyticsTimeseries(TENANT)).timeseries.length >= 24);
    assert.equal((await gateway.analyticsModels(TENANT)).models.length, 1);
    await assert.rejects(gateway.analytics(TENANT, { bucket_minutes: 7 }), refused('invalid_field', 'bucket_minutes'));
    await assert.rejects(gateway.listTraces(TENANT, { limti: 7 }), refused('invalid_field', 'limti'));
});

it('the gateway tells how it is, and copies its store', async (test) => {
    const { gateway } = await openBoth(test);
    await gateway.chat(TENANT, HELLO);
    await onlyTrace(gateway);
    assert.deepEqual(await gateway.health(), { status: 'ok', reasons: [] });
    const stats = await gateway.stats();
    assert.deepEqual([stats.accepted, stats.persisted, stats.by_class], [1, 1, { ok: 1 }]);
    assert.deepEqual(await gateway.listDeadLetters(), { dead_letters: [] });
    assert.equal((await gateway.rewrapDataKeys()).rewrapped, 0);
    assert.equal((await gateway.verify()).holds, true);
    assert.equal(await gateway.backup(`${directory()}/copy.db`), undefined);
});

it('after a close every call says that it is closed', async (test) => {
    const { gateway } = await openBoth(test);
    await gateway.chat(TENANT, HELLO);
    const report = await gateway.close();
    assert.deepEqual([report.pending, report.dropped], [0, 0]);
    await assert.rejects(gateway.chat(TENANT, HELLO), refused('closed', null));
    await assert.rejects(gateway.stats(), refused('closed', null));
    await assert.rejects(gateway.fetch('/v1/models'), (error) => error.cause instanceof GatewayError);
    await gateway[Symbol.asyncDispose]();
});

it('a close ends what runs, and every trace of it is kept', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    await upstream.push([{ before_headers: 'hang' }, { body: { stream: ['Hel', 'lo'] }, end: { hang_after: 500 } }]);
    const call = gateway.chat(TENANT, HELLO);
    const told = assert.rejects(call, refused('closed', null));
    await upstream.wait({ requests: 1 });
    const stream = gateway.chatStream(TENANT, HELLO);
    await stream.next();
    const ended = assert.rejects(stream.next().then(() => stream.next()), refused('closed', null));
    const report = await gateway.close();
    await Promise.all([told, ended]);
    assert.deepEqual([report.pending, report.dropped], [0, 0]);
    await upstream.wait({ closed: 0 });
    await upstream.wait({ closed: 1 });
});

it('a configuration that is wrong is refused, and the key named', async () => {
    await assert.rejects(Gateway.open({ stroe: 'x' }), { code: 'invalid_config', message: /stroe/ });
    await assert.rejects(Gateway.open({ store: 'sqlite:gateway.db' }), refused('invalid_config', 'master_key'));
});
