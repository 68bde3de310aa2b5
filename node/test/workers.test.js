'use strict';
// Threads: gateways are opened and closed in workers, and workers end with gateways open.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const { it } = require('node:test');
const { Worker } = require('node:worker_threads');

const { Gateway } = require('libgateway');
const { HELLO, TENANT, openBoth } = require('./support/open.js');

const WORKERS = 4;
const OPENINGS = 250;

/** Runs a program in a worker, with `workerData`. */
function work(body, workerData) {
    const program = `
        const { workerData, parentPort } = require('node:worker_threads');
        const { Gateway } = require('libgateway');
        (async () => { ${body} })();`;
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    return new Worker(program, { eval: true, workerData, env });
}

/** The threads of gateways in this process, by their names; Node's own come and go as it likes. */
function threads() {
    const names = fs.readdirSync('/proc/self/task').map((task) => fs.readFileSync(`/proc/self/task/${task}/comm`, 'utf8'));
    return names.filter((name) => /gateway|sqlx/.test(name)).length;
}

it('a thousand openings and closings in four workers leave no thread behind', { timeout: 300_000 }, async () => {
    const body = `
        for (let n = 0; n < workerData; n += 1) {
            const gw = await Gateway.open({ store: 'sqlite::memory:' });
            await gw.createTenant('acme', { provider: { kind: 'mock' } });
            const reply = await gw.chat('acme', { model: 'm', messages: [] });
            if (reply.status !== 200) throw new Error('no answer');
            await gw.close();
        }`;
    const workers = Array.from({ length: WORKERS }, () => work(body, OPENINGS));
    const codes = await Promise.all(workers.map((worker) => once(worker, 'exit')));
    assert.deepEqual(codes, workers.map(() => [0]));
    assert.equal(threads(), 0);
});

it('a worker may end with a gateway open, in the middle of calls and streams', async (test) => {
    const { upstream } = await openBoth(test);
    const hanging = { body: { stream: ['a'] }, end: { hang_after: 300 } };
    const body = `
        const gw = await Gateway.open({ store: 'sqlite::memory:', network: { private: 'allow' } });
        await gw.createTenant('acme', { provider: workerData });
        const request = { model: 'm', messages: [] };
        globalThis.stream = gw.chatStream('acme', request);
        await stream.next();
        stream.next().catch(() => {});
        gw.chat('acme', request).catch(() => {});
        parentPort.postMessage('busy');`;
    for (let round = 0; round < 10; round += 1) {
        await upstream.reset();
        await upstream.push([hanging, { before_headers: 'hang' }]);
        const worker = work(body, upstream.provider);
        await once(worker, 'message');
        await upstream.wait({ requests: 2 });
        await worker.terminate();
        await upstream.wait({ closed: 0 });
        await upstream.wait({ closed: 1 });
    }
});

it('two gateways in one thread know nothing of each other', async (test) => {
    const { gateway } = await openBoth(test);
    const other = await Gateway.open({ store: 'sqlite::memory:' });
    test.after(() => other[Symbol.asyncDispose]());
    await assert.rejects(other.getTenant(TENANT), { code: 'tenant_not_found' });
    await other.createTenant(TENANT, { provider: { kind: 'mock' } });
    const [ours, theirs] = await Promise.all([gateway.chat(TENANT, HELLO), other.chat(TENANT, HELLO)]);
    assert.notEqual(ours.provider, theirs.provider);
    await other.close();
    assert.equal((await gateway.chat(TENANT, HELLO)).status, 200);
});
