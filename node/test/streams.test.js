'use strict';
// Streams: how they are read, and that leaving one by any way closes the upstream's connection.

const assert = require('node:assert/strict');
const { getEventListeners } = require('node:events');
const { it } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');

const { GatewayError } = require('libgateway');
const { HELLO, TENANT, onlyTrace, openBoth } = require('./support/open.js');

/** Two events, and nothing more until the caller has left. */
const HANGING = { body: { stream: ['Hel', 'lo'] }, end: { hang_after: 500 } };

/** How long the upstream may take to see that the caller has left, on a busy machine too. */
const SOON_MS = 5_000;

/** Reads the first event of a stream that then hangs. */
async function begun(gateway, upstream, options) {
    await upstream.push(HANGING);
    const stream = gateway.chatStream(TENANT, HELLO, options);
    const { value, done } = await stream.next();
    assert.deepEqual([done, value.object], [false, 'chat.completion.chunk']);
    return stream;
}

/** The upstream sees its connection close, and the trace says that the caller has left. */
async function closes(gateway, upstream) {
    const { request } = await upstream.wait({ closed: 0, timeout_ms: SOON_MS });
    assert.equal(request.outcome, 'client_closed');
    const trace = await onlyTrace(gateway);
    assert.deepEqual([trace.status_class, trace.error_code], ['cancelled', 'cancelled']);
}

it('break ends the call upstream', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    await upstream.push(HANGING);
    for await (const chunk of gateway.chatStream(TENANT, HELLO)) {
        assert.equal(chunk.object, 'chat.completion.chunk');
        break;
    }
    await closes(gateway, upstream);
});

it('an exception in the loop ends the call upstream', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    await upstream.push(HANGING);
    const read = async () => {
        for await (const _ of gateway.chatStream(TENANT, HELLO)) {
            throw new Error('enough');
        }
    };
    await assert.rejects(read(), /enough/);
    await closes(gateway, upstream);
});

it('an abort ends the call upstream, and the wait with the reason', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    const controller = new AbortController();
    const stream = await begun(gateway, upstream, { signal: controller.signal });
    const rest = (async () => {
        for await (const _ of stream);
    })();
    const reason = new Error('the user has left');
    controller.abort(reason);
    await assert.rejects(rest, (error) => {
        assert.ok(error instanceof GatewayError);
        assert.deepEqual([error.code, error.cause], ['cancelled', reason]);
        return true;
    });
    assert.deepEqual(await stream.next(), { done: true, value: undefined });
    await closes(gateway, upstream);
});

for (const [how, end] of [
    ['return', (stream) => stream.return()],
    ['cancel', (stream) => stream.cancel()],
    ['await using', (stream) => stream[Symbol.asyncDispose]()],
]) {
    it(`${how} ends the call upstream, and a wait that goes on`, async (test) => {
        const { gateway, upstream } = await openBoth(test);
        const stream = await begun(gateway, upstream);
        const waits = (async () => {
            for (let next = await stream.next(); !next.done; next = await stream.next());
        })();
        await pause(0);
        await end(stream);
        await waits;
        assert.equal((await stream.next()).done, true);
        await closes(gateway, upstream);
    });
}

it('a stream that is given up before its head comes ends the call upstream', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    await upstream.push({ before_headers: 'hang' });
    const stream = gateway.chatStream(TENANT, HELLO);
    const first = stream.next();
    await upstream.wait({ requests: 1 });
    stream.cancel();
    assert.equal((await first).done, true);
    await closes(gateway, upstream);
});

it('cancelling the web stream, and its reader, ends the call upstream', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    await upstream.push(HANGING);
    const reader = gateway.chatStream(TENANT, HELLO).toReadableStream().getReader();
    assert.match(Buffer.from((await reader.read()).value).toString(), /^data: /);
    await reader.cancel();
    await closes(gateway, upstream);
});

it('a stream that nobody holds any more is collected, and ends the call upstream', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    // A signal that lives longer than the stream does not hold on to it, and is not left with its listener.
    const { signal } = new AbortController();
    require('node:v8').setFlagsFromString('--expose-gc');
    const collect = require('node:vm').runInNewContext('gc');
    await begun(gateway, upstream, { signal });
    const closed = upstream.wait({ closed: 0 });
    let waits = true;
    closed.finally(() => (waits = false)).catch(() => {});
    // Collecting is a wish: it is made until it is granted, or the upstream gives up.
    while (waits) {
        collect();
        await pause(10);
    }
    await closed;
    while (getEventListeners(signal, 'abort').length > 0) {
        collect();
        await pause(10);
    }
});

it('a stream that is never read asks nobody', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    gateway.chatStream(TENANT, HELLO);
    const stream = gateway.chatStream(TENANT, HELLO);
    await stream.return();
    await assert.rejects(stream.head(), { code: 'cancelled' });
    await gateway.chat(TENANT, HELLO);
    assert.equal((await upstream.requests()).length, 1);
});

it('events that are there at once come in order, however they are asked for', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    const words = Array.from({ length: 256 }, (_, number) => `${number} `);
    await upstream.push({ body: { stream: words } });
    const stream = gateway.chatStream(TENANT, HELLO);
    const asked = await Promise.all(Array.from({ length: 300 }, () => stream.next()));
    const contents = asked.filter(({ done }) => !done).map(({ value }) => value.choices[0]?.delta.content);
    assert.deepEqual(contents.filter(Boolean), words);
    assert.ok(asked.at(-1).done);
});

it('raw events keep numbers that JavaScript does not', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    const event = '{"id":9007199254740993,"choices":[]}';
    await upstream.push({ body: { sse: { events: [`data: ${event}\n\n`], done: true } } });
    const events = [];
    for await (const raw of gateway.chatStream(TENANT, HELLO).raw()) {
        events.push(raw);
    }
    assert.deepEqual(events, [event]);
});

it('an event that is no JSON fails, and ends the call upstream', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    const events = ['data: {"a":1}\n\n', 'data: {oops\n\n', 'data: {"a":2}\n\n'];
    await upstream.push({ body: { sse: { events } }, end: { hang_after: 30 } });
    const stream = gateway.chatStream(TENANT, HELLO);
    assert.deepEqual((await stream.next()).value, { a: 1 });
    await assert.rejects(stream.next(), (error) => {
        assert.deepEqual([error.code, error.provider], ['upstream_invalid_response', 'openai']);
        assert.ok(error.cause instanceof SyntaxError);
        return true;
    });
    await closes(gateway, upstream);
});

it('a slow reader slows the upstream down', async (test) => {
    const { gateway, upstream } = await openBoth(test);
    const chunk = `data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(1_000)}"}}]}\n\n`;
    await upstream.push({
        headers: [['content-type', 'text/event-stream']],
        body: { repeat: { chunk, times: 200_000, after: 'data: [DONE]\n\n' } },
    });
    const stream = gateway.chatStream(TENANT, HELLO);
    await stream.next();
    const written = await upstream.settled(0);
    assert.ok(written < 50_000_000, `${written} bytes were written`);
    await stream.return();
});
