'use strict';
// Every fixture on every database, through the Node API. The format is `tests/fixtures/README.md`'s.

const assert = require('node:assert/strict');
const { after, before, describe, it } = require('node:test');

const { Gateway, GatewayError } = require('libgateway');
const { exact, fixtures, parse } = require('./support/fixture.js');
const judge = require('./support/judge.js');
const { FOR_TESTS, STORES } = require('./support/stores.js');
const { Upstream } = require('./support/upstream.js');

const WHOLE = { chat: 'chat', responses: 'responses', embeddings: 'embeddings', list_models: 'listModels' };
const STREAMED = { chat_stream: 'chatStream', responses_stream: 'responsesStream' };

const FLUSH_MS = 20_000;

for (const [database, fresh] of Object.entries(STORES)) {
    describe(`every fixture on ${database}`, { timeout: 300_000 }, () => {
        let gateway;
        let upstream;
        before(async () => {
            upstream = await Upstream.start();
            gateway = await Gateway.open({ ...FOR_TESTS, ...(await fresh()) });
        });
        after(async () => {
            await gateway.close(FLUSH_MS);
            upstream.stop();
        });

        for (const source of fixtures()) {
            it(source.file, async () => {
                const found = await run(gateway, upstream, source, 'bytes');
                const { reply } = parse(source, upstream.url).expect;
                if (reply?.events !== undefined) {
                    found.push(...(await run(gateway, upstream, source, 'events')));
                }
                assert.deepEqual(found, []);
            });
        }
    });
}

it('there are many fixtures', () => {
    assert.ok(fixtures().length >= 40);
});

/** Runs a fixture with a tenant of its own, and gives every difference. */
async function run(gateway, upstream, source, reading) {
    await upstream.reset();
    const { name, tenant, providers = [upstream.provider], call, upstream: scripts, expect } = parse(source, upstream.url);
    const id = `${name}:${reading}`;
    await gateway.createTenant(id, tenant);
    for (const provider of providers) {
        await gateway.setProvider(id, provider);
    }
    await upstream.load(scripts ?? {});
    const came = await outcome(gateway, id, call, reading);
    const asked = await upstream.requests();
    if (call.operation === 'list_models') {
        asked.sort((left, right) => (left.path < right.path ? -1 : 1));
    }
    const { queued } = await upstream.stats();
    await gateway.flush(FLUSH_MS);
    const page = await gateway.listTraces(id);
    const detail = page.traces.length === 1 ? await gateway.getTrace(id, page.traces[0].id) : undefined;
    return [
        ...judge.requests(expect.upstream_requests, asked),
        ...(queued > 0 ? [`upstream: ${queued} scripts were not played`] : []),
        ...judge.outcome(expect, came),
        ...judge.trace(expect.trace, { page, detail }, came.traceId),
    ];
}

/** What comes of the call: head, bytes or events, error. */
async function outcome(gateway, tenant, { operation, body, body_text: text, options }, reading) {
    const request = text === undefined ? body : Buffer.from(exact(text));
    const came = {};
    try {
        if (operation in WHOLE) {
            const given = operation === 'list_models' ? [options] : [request, options];
            const reply = await gateway[WHOLE[operation]](tenant, ...given);
            return { head: reply, bytes: reply.bytes, traceId: reply.traceId };
        }
        const stream = gateway[STREAMED[operation]](tenant, request, options);
        if (reading === 'bytes') {
            const readable = stream.toReadableStream();
            came.head = await stream.head();
            came.traceId = came.head.traceId;
            came.bytes = Buffer.alloc(0);
            for await (const bytes of readable) {
                came.bytes = Buffer.concat([came.bytes, bytes]);
            }
        } else {
            came.head = await stream.head();
            came.traceId = came.head.traceId;
            came.events = [];
            for await (const event of stream.raw()) {
                came.events.push(event);
            }
            assert.equal((await stream.next()).done, true);
        }
    } catch (error) {
        assert.ok(error instanceof GatewayError, String(error));
        came.error = error;
    }
    return came;
}
