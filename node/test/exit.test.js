'use strict';
// How a process ends: a gateway keeps it alive while something is waited for, and no longer.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { it } = require('node:test');

const { FOR_TESTS, STORES } = require('./support/stores.js');
const { Upstream } = require('./support/upstream.js');

const PACKAGE = path.join(__dirname, '..');

/** What a process does may take a while on a busy machine; that it ends at all is what is looked at. */
const PATIENCE_MS = 60_000;

/** Runs a program that has an open gateway `gw` with a tenant `acme`; gives its exit code and what it printed. */
async function run(test, body, scripts) {
    const upstream = await Upstream.start();
    test.after(() => upstream.stop());
    if (scripts) {
        await upstream.push(scripts);
    }
    const config = { ...FOR_TESTS, ...(await STORES.sqlite()) };
    const program = `
        const { Gateway } = require('libgateway');
        const request = { model: 'gpt-4o', messages: [] };
        (async () => {
            const gw = await Gateway.open(${JSON.stringify(config)});
            await gw.createTenant('acme', { provider: ${JSON.stringify(upstream.provider)} });
            ${body}
        })();`;
    const child = spawn(process.execPath, ['--trace-uncaught', '-e', program], { cwd: PACKAGE, timeout: PATIENCE_MS });
    let said = '';
    child.stdout.on('data', (text) => (said += text));
    child.stderr.on('data', (text) => (said += text));
    const [code, signal] = await once(child, 'close');
    assert.equal(signal, null, `it did not end by itself:\n${said}`);
    return { code, said, upstream, config };
}

const HANGING = { body: { stream: ['Hel', 'lo'] }, end: { hang_after: 500 } };

it('with an idle gateway the process ends', async (test) => {
    const { code, said } = await run(test, `await gw.chat('acme', request); console.log('done');`);
    assert.deepEqual([code, said], [0, 'done\n']);
});

it('while a call runs the process does not end', async (test) => {
    const { code, said } = await run(
        test,
        `gw.chat('acme', request).then((reply) => console.log(reply.status));`,
        { delay_ms: 300 },
    );
    assert.deepEqual([code, said], [0, '200\n']);
});

it('with an open stream that nobody reads the process ends, and the upstream sees it', async (test) => {
    const { code, said, upstream } = await run(
        test,
        `globalThis.stream = gw.chatStream('acme', request); await stream.next(); console.log('begun');`,
        HANGING,
    );
    assert.deepEqual([code, said], [0, 'begun\n']);
    await upstream.wait({ closed: 0 });
});

it('while a stream is waited for the process does not end', async (test) => {
    const { code, said } = await run(
        test,
        `let count = 0; for await (const _ of gw.chatStream('acme', request)) count += 1; console.log(count);`,
        { body: { stream: ['a', 'b'] }, delays: { 2: 300 } },
    );
    assert.deepEqual([code, said], [0, '4\n']);
});

for (const [what, throws] of [
    ['an uncaught error', `setImmediate(() => { throw new Error('uncaught'); });`],
    ['an unhandled rejection', `Promise.reject(new Error('uncaught'));`],
]) {
    it(`after ${what} the process ends as it would without a gateway`, async (test) => {
        const body = `globalThis.stream = gw.chatStream('acme', request); await stream.next();
            gw.chat('acme', request).catch(() => {}); ${throws}`;
        const { code, said } = await run(test, body, [HANGING, { before_headers: 'hang' }]);
        assert.equal(code, 1);
        assert.match(said, /Error: uncaught/);
    });
}

it('process.exit in the middle of calls ends the process, and loses no trace', async (test) => {
    const body = `
        for (let n = 0; n < 20; n += 1) gw.chat('acme', request).catch(() => {});
        await gw.chat('acme', request);
        process.exit(7);`;
    const { code, config, upstream } = await run(test, body);
    assert.equal(code, 7);
    const { Gateway } = require('libgateway');
    const gateway = await Gateway.open(config);
    test.after(() => gateway.close());
    const asked = (await upstream.requests()).length;
    // What had not ended is found in the spool, some moments after the opening.
    let traces = [];
    while (traces.length < asked) {
        ({ traces } = await gateway.listTraces('acme', { limit: 200 }));
    }
    assert.ok(traces.every(({ status_class }) => ['ok', 'abandoned', 'cancelled'].includes(status_class)));
});
