'use strict';
// A gateway behind servers: Node's own, Express, Fastify, Hono. A client that goes away ends the call upstream.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { it } = require('node:test');

const OpenAI = require('openai').default;

const { HELLO, TENANT, openBoth } = require('./support/open.js');

/** Each way to serve a gateway: listens, and gives the base URL and how to end. */
const SERVERS = {
    'node:http': (gateway) => listen(http.createServer(gateway.nodeHandler()), '/v1'),
    'node:http with a prefix': (gateway) => listen(http.createServer(gateway.nodeHandler({ prefix: '/llm' })), '/llm/v1'),
    Express: (gateway) => {
        const app = require('express')();
        app.use('/llm', gateway.nodeHandler());
        return listen(http.createServer(app), '/llm/v1');
    },
    'Express behind its parser': (gateway) => {
        const express = require('express');
        const app = express();
        app.use(express.json());
        app.use('/llm', gateway.nodeHandler());
        return listen(http.createServer(app), '/llm/v1');
    },
    Fastify: async (gateway) => {
        const app = require('fastify')();
        const handler = gateway.nodeHandler({ prefix: '/llm' });
        app.register(async (scope) => {
            // The gateway reads bodies itself.
            scope.removeAllContentTypeParsers();
            scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
            scope.all('/llm/*', (request, reply) => {
                reply.hijack();
                return handler(request.raw, reply.raw);
            });
        });
        await app.ready();
        return listen(app.server, '/llm/v1');
    },
    Hono: async (gateway) => {
        const { Hono } = await import('hono');
        const { createAdaptorServer } = await import('@hono/node-server');
        const app = new Hono();
        app.mount('/llm', gateway.fetch);
        return listen(createAdaptorServer(app), '/llm/v1');
    },
};

async function listen(server, path) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    return { baseURL: `http://127.0.0.1:${port}${path}`, server };
}

async function served(test, serve, config) {
    const { gateway, upstream } = await openBoth(test, config);
    const { baseURL, server } = await serve(gateway);
    test.after(() => {
        server.closeAllConnections();
        server.close();
    });
    const { secret } = await gateway.createApiKey(TENANT);
    return { gateway, upstream, baseURL, client: new OpenAI({ apiKey: secret, baseURL }), secret };
}

for (const [name, serve] of Object.entries(SERVERS)) {
    it(`${name}: answers, streams, refuses, and hears of clients that go away`, async (test) => {
        const { upstream, client, baseURL } = await served(test, serve);
        const { data, response } = await client.chat.completions.create(HELLO).withResponse();
        assert.match(data.choices[0].message.content, /Hello/);
        assert.ok(response.headers.get('x-gateway-trace-id'));
        let text = '';
        for await (const chunk of await client.chat.completions.create({ ...HELLO, stream: true })) {
            text += chunk.choices[0]?.delta.content ?? '';
        }
        assert.equal(text, data.choices[0].message.content);
        assert.equal((await client.models.list()).data.length, 3);
        const stranger = new OpenAI({ apiKey: 'gwk_wrong', baseURL });
        await assert.rejects(stranger.chat.completions.create(HELLO), OpenAI.AuthenticationError);

        await upstream.reset();
        await upstream.push([{ body: { stream: ['a', 'b'] }, end: { hang_after: 500 } }, { before_headers: 'hang' }]);
        for await (const _ of await client.chat.completions.create({ ...HELLO, stream: true })) {
            break;
        }
        await upstream.wait({ closed: 0 });
        const controller = new AbortController();
        const call = client.chat.completions.create(HELLO, { signal: controller.signal });
        await upstream.wait({ requests: 2 });
        controller.abort();
        await assert.rejects(call, OpenAI.APIUserAbortError);
        await upstream.wait({ closed: 1 });
    });
}

it('a body is not read before its key is known to be allowed what the path is for', async (test) => {
    const { baseURL } = await served(test, SERVERS['node:http']);
    const headers = { authorization: 'Bearer gwk_wrong', 'content-length': 1_000_000, expect: '100-continue' };
    const request = http.request(`${baseURL}/chat/completions`, { method: 'POST', headers });
    request.write('{');
    const [response] = await once(request, 'response');
    assert.deepEqual([response.statusCode, response.headers.connection], [401, 'close']);
    request.destroy();
});

it('a body that is too large is refused', async (test) => {
    const { baseURL, secret } = await served(test, SERVERS['node:http'], { limits: { body_bytes: 1_000 } });
    const headers = { authorization: `Bearer ${secret}` };
    const response = await fetch(`${baseURL}/chat/completions`, { method: 'POST', headers, body: 'x'.repeat(1_001) });
    assert.equal(response.status, 413);
});

it('a gateway that is closed says so', async (test) => {
    const { baseURL, gateway, secret } = await served(test, SERVERS['node:http']);
    await gateway.close();
    const response = await fetch(`${baseURL}/models`, { headers: { authorization: `Bearer ${secret}` } });
    assert.deepEqual([response.status, (await response.json()).error.code], [503, 'closed']);
});

it('a slow client slows the upstream down', async (test) => {
    const { baseURL, secret, upstream } = await served(test, SERVERS['node:http']);
    const chunk = `data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(1_000)}"}}]}\n\n`;
    const times = 200_000;
    await upstream.push({ headers: [['content-type', 'text/event-stream']], body: { repeat: { chunk, times } } });
    const request = http.request(`${baseURL}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}` },
    });
    request.end(JSON.stringify({ ...HELLO, stream: true }));
    const [response] = await once(request, 'response');
    response.pause();
    const written = await upstream.settled(0);
    assert.ok(written < 50_000_000, `${written} bytes were written`);
    request.destroy();
    await upstream.wait({ closed: 0 });
});
