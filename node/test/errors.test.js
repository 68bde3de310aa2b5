'use strict';
// Errors: their class, their fields, and a stack that leads to who has called.

const assert = require('node:assert/strict');
const { it } = require('node:test');

const { GatewayError } = require('libgateway');
const { HELLO, TENANT, openBoth } = require('./support/open.js');

it('an error has the fields of its code and of the answer', async (test) => {
    const { gateway, upstream } = await openBoth(test, { retry: { max_attempts: 2, base_ms: 1, max_ms: 2_000 } });
    const body = '{"error":{"message":"slow down","type":"rate_limit_error"}}';
    const script = { status: 429, headers: [['retry-after-ms', '20'], ['x-ratelimit-remaining-requests', '0']], body: { text: body } };
    await upstream.push([script, script]);
    const error = await gateway.chat(TENANT, HELLO, { request_id: 'r-1' }).catch((error) => error);
    assert.ok(error instanceof GatewayError && error instanceof Error);
    const { name, code, number, status, upstreamStatus, temporary, retryAfterMs, retriesSpent } = error;
    assert.deepEqual(
        { name, code, number, status, upstreamStatus, temporary, retryAfterMs, retriesSpent },
        {
            name: 'GatewayError', code: 'upstream_rate_limited', number: 402, status: 429, upstreamStatus: 429,
            temporary: true, retryAfterMs: 20, retriesSpent: true,
        },
    );
    assert.deepEqual([error.provider, error.requestId, error.body], ['openai', 'r-1', body]);
    assert.equal(error.headers['x-ratelimit-remaining-requests'], '0');
});

it('the stack leads to who has called', async (test) => {
    const { gateway } = await openBoth(test);
    async function aHostsFunction() {
        await gateway.getTenant('nobody');
    }
    async function anotherHostsFunction() {
        for await (const _ of gateway.chatStream('nobody', HELLO));
    }
    await assert.rejects(aHostsFunction(), (error) => /aHostsFunction/.test(error.stack));
    await assert.rejects(anotherHostsFunction(), (error) => /GatewayError: tenant nobody/.test(error.stack));
});

it('what lies below is the cause', async (test) => {
    const { gateway } = await openBoth(test);
    await gateway.setProvider(TENANT, { kind: 'custom', name: 'gone', base_url: 'http://127.0.0.1:1', default: true });
    const error = await gateway.chat(TENANT, HELLO, { provider: 'gone' }).catch((error) => error);
    assert.equal(error.code, 'upstream_unreachable');
    assert.match(error.cause.message, /./);
});

it('a signal that was aborted before asks nobody', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    const signal = AbortSignal.abort();
    for (const call of [
        () => gateway.chat(TENANT, HELLO, { signal }),
        () => gateway.chatStream(TENANT, HELLO, { signal }).next(),
        () => gateway.listTraces(TENANT, {}, { signal }),
    ]) {
        await assert.rejects(call(), { code: 'cancelled', number: 703, status: 499, cause: signal.reason });
    }
    assert.deepEqual(await upstream.requests(), []);
});

it('an abort ends a call that waits for its answer, and leaves a listener of nobody', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    await upstream.push([{ before_headers: 'hang' }]);
    const controller = new AbortController();
    const seen = [];
    controller.signal.onabort = () => seen.push('the own listener');
    const call = gateway.chat(TENANT, HELLO, { signal: controller.signal });
    await upstream.wait({ requests: 1 });
    controller.abort();
    await assert.rejects(call, { code: 'cancelled', cause: controller.signal.reason });
    assert.deepEqual(seen, ['the own listener']);
    await upstream.wait({ closed: 0 });

    const { getEventListeners } = require('node:events');
    const { signal } = new AbortController();
    await gateway.chat(TENANT, HELLO, { signal });
    for await (const _ of gateway.chatStream(TENANT, HELLO, { signal }));
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
});

it('a request goes upstream as it was given', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    const texts = ['{"model":"m", "messages":[],"seed":9007199254740993}', '{"messages":[],  "model":"ü"}'];
    await gateway.chat(TENANT, texts[0]);
    await gateway.chat(TENANT, Buffer.from(texts[1]));
    await gateway.chat(TENANT, new Uint8Array(Buffer.from(texts[1])));
    await gateway.chat(TENANT, { model: 'm', messages: [{ role: 'user', content: 'Hi' }] });
    const bodies = (await upstream.requests()).map(({ body }) => body);
    assert.deepEqual(bodies, [...texts, texts[1], '{"model":"m","messages":[{"role":"user","content":"Hi"}]}']);
    for (const wrong of [undefined, null, 7]) {
        await assert.rejects(gateway.chat(TENANT, wrong), TypeError);
    }
});

it('an answer that is no JSON is there as bytes, and fails as a body', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    await upstream.push([{ body: { base64: Buffer.from([0xff, 0xfe, 0x00]).toString('base64') } }]);
    const reply = await gateway.chat(TENANT, HELLO);
    assert.deepEqual([...reply.bytes], [0xff, 0xfe, 0x00]);
    assert.throws(() => reply.body, { code: 'upstream_invalid_response', provider: 'openai' });
});
