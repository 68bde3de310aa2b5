'use strict';
// The web's fetch over a gateway: requests of every kind, responses, streams, aborts.

const assert = require('node:assert/strict');
const { it } = require('node:test');

const { GatewayError } = require('libgateway');
const { HELLO, TENANT, openBoth } = require('./support/open.js');

const URL_OF_CHAT = 'http://libgateway/v1/chat/completions';

async function opened(test, config) {
    const both = await openBoth(test, config);
    const { secret } = await both.gateway.createApiKey(TENANT, { scopes: ['infer', 'read'] });
    // Without its gateway, as SDKs keep it.
    const { fetch } = both.gateway;
    const post = (init) => ({ method: 'POST', headers: { authorization: `Bearer ${secret}` }, body: JSON.stringify(HELLO), ...init });
    return { ...both, fetch, post, secret };
}

it('every way to write a request arrives as one', async (test) => {
    const { fetch, post, secret, upstream } = await opened(test);
    const json = JSON.stringify(HELLO);
    const bytes = new TextEncoder().encode(json);
    const calls = [
        [URL_OF_CHAT, post()],
        [new URL(URL_OF_CHAT), post({ method: 'post' })],
        ['/v1/chat/completions', post({ headers: [['x-api-key', secret]] })],
        [URL_OF_CHAT, post({ headers: new Headers({ Authorization: `bearer ${secret}` }) })],
        [URL_OF_CHAT, post({ body: bytes })],
        [URL_OF_CHAT, post({ body: bytes.buffer })],
        [URL_OF_CHAT, post({ body: new DataView(bytes.buffer) })],
        [URL_OF_CHAT, post({ body: new Blob([json]) })],
        [URL_OF_CHAT, post({ body: new Blob([json]).stream(), duplex: 'half' })],
        [new Request(URL_OF_CHAT, post())],
        [new Request(URL_OF_CHAT, post({ body: '{}' })), { body: json }],
    ];
    for (const [input, init] of calls) {
        const response = await fetch(input, init);
        assert.ok(response instanceof Response);
        assert.deepEqual([response.status, response.ok], [200, true]);
        assert.equal((await response.json()).object, 'chat.completion');
    }
    const bodies = (await upstream.requests()).map(({ body }) => body);
    assert.deepEqual(bodies, calls.map(() => json));
});

it('a response has the headers that lead to its trace', async (test) => {
    const { fetch, post, secret, gateway } = await opened(test);
    const headers = { authorization: `Bearer ${secret}`, 'x-request-id': 'r-1' };
    const response = await fetch(URL_OF_CHAT, post({ headers: { ...headers, 'x-gateway-user-id': 'u-1' } }));
    assert.equal(response.headers.get('x-request-id'), 'r-1');
    await gateway.flush();
    const trace = await gateway.getTrace(TENANT, response.headers.get('x-gateway-trace-id'));
    assert.deepEqual([trace.request_id, trace.user_id], ['r-1', 'u-1']);
    const listed = await fetch('/v1/traces?limit=1', { headers });
    assert.equal((await listed.json()).traces[0].id, trace.id);
});

it('what is refused is a response in the shape of OpenAI', async (test) => {
    const { fetch, post } = await opened(test);
    for (const [path, init, status, code] of [
        [URL_OF_CHAT, post({ headers: {} }), 401, 'missing_api_key'],
        [URL_OF_CHAT, post({ headers: { authorization: 'Bearer gwk_no' } }), 401, 'invalid_api_key'],
        [URL_OF_CHAT, post({ body: '{' }), 400, 'invalid_json'],
        ['/v1/nowhere', post(), 404, 'unknown_operation'],
        ['/v1/traces', post(), 405, 'method_not_allowed'],
    ]) {
        const response = await fetch(path, init);
        const { error } = await response.json();
        assert.deepEqual([response.status, error.code, typeof error.message], [status, code, 'string']);
    }
});

it('the body of a request is not read where its head is refused', async (test) => {
    const { fetch, post } = await opened(test);
    let pulled = false;
    const body = new ReadableStream({ pull: () => (pulled = true) }, { highWaterMark: 0 });
    const response = await fetch(URL_OF_CHAT, post({ headers: {}, body, duplex: 'half' }));
    assert.deepEqual([response.status, pulled], [401, false]);
});

it('a body that is too large is refused, and no more of it is read than that takes', async (test) => {
    const { fetch, post } = await opened(test, { limits: { body_bytes: 1_000 } });
    let pulled = 0;
    const pull = (controller) => {
        pulled += 1;
        controller.enqueue(new Uint8Array(300));
    };
    const body = new ReadableStream({ pull }, { highWaterMark: 0 });
    const response = await fetch(URL_OF_CHAT, post({ body, duplex: 'half' }));
    assert.deepEqual([response.status, pulled], [413, 4]);
});

it('a streamed response comes byte for byte, and cancelling it closes upstream', async (test) => {
    const { fetch, post, upstream } = await opened(test);
    const text = ': hi\r\ndata: {"choices":[]}\r\n\r\ndata: [DONE]\n\n';
    await upstream.push({ headers: [['content-type', 'text/event-stream']], body: { text }, split: { every: 3 } });
    const body = JSON.stringify({ ...HELLO, stream: true, stream_options: { include_usage: true } });
    const response = await fetch(URL_OF_CHAT, post({ body }));
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    assert.equal(await response.text(), text);

    await upstream.push({ body: { stream: ['a', 'b'] }, end: { hang_after: 400 } });
    const hanging = await fetch(URL_OF_CHAT, post({ body }));
    const reader = hanging.body.getReader();
    await reader.read();
    await reader.cancel();
    await upstream.wait({ closed: 1 });
});

it('an abort fails with its reason, before the head and within the body', async (test) => {
    const { fetch, post, upstream } = await opened(test);
    await assert.rejects(fetch(URL_OF_CHAT, post({ signal: AbortSignal.abort() })), { name: 'AbortError' });

    await upstream.push({ before_headers: 'hang' });
    const early = new AbortController();
    const waits = fetch(URL_OF_CHAT, post({ signal: early.signal }));
    await upstream.wait({ requests: 1 });
    early.abort();
    await assert.rejects(waits, { name: 'AbortError' });
    await upstream.wait({ closed: 0 });

    await upstream.push({ body: { stream: ['a', 'b'] }, end: { hang_after: 400 } });
    const late = new AbortController();
    const body = JSON.stringify({ ...HELLO, stream: true });
    const response = await fetch(new Request(URL_OF_CHAT, post({ body, signal: late.signal })));
    const reader = response.body.getReader();
    await reader.read();
    late.abort(new Error('enough'));
    await assert.rejects(reader.read().then(() => reader.read()), /enough/);
    await upstream.wait({ closed: 1 });
});

it('a stream that breaks fails with the error of the gateway', async (test) => {
    const { fetch, post, upstream } = await opened(test);
    await upstream.push({ body: { stream: ['a', 'b'] }, end: { close_after: 400 } });
    const response = await fetch(URL_OF_CHAT, post({ body: JSON.stringify({ ...HELLO, stream: true }) }));
    const error = await response.text().catch((error) => error);
    assert.ok(error instanceof GatewayError, String(error));
    assert.equal(error.code, 'upstream_disconnected');
});
