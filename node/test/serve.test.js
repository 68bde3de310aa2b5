'use strict';
// Clients outside the process: the official SDK over a real socket.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { it } = require('node:test');
const { promisify } = require('node:util');

const OpenAI = require('openai').default;

const { HELLO, TENANT, openBoth } = require('./support/open.js');

const ANYWHERE = { address: '127.0.0.1:0' };

it('the official SDK is answered over a socket', async (test) => {
    const { gateway } = await openBoth(test);
    const server = await gateway.serve(ANYWHERE);
    const { secret } = await gateway.createApiKey(TENANT);
    const client = new OpenAI({ apiKey: secret, baseURL: `${server.url}/v1`, maxRetries: 0 });
    const { data, response } = await client.chat.completions.create(HELLO).withResponse();
    assert.match(data.choices[0].message.content, /Hello/);
    assert.ok(response.headers.get('x-gateway-trace-id'));
    let text = '';
    for await (const chunk of await client.chat.completions.create({ ...HELLO, stream: true })) {
        text += chunk.choices[0]?.delta.content ?? '';
    }
    assert.match(text, /Hello/);
    assert.equal((await client.embeddings.create({ model: 'text-embedding-3-small', input: 'Hello' })).data.length, 1);
    const stranger = new OpenAI({ apiKey: 'gwk_nobody', baseURL: `${server.url}/v1`, maxRetries: 0 });
    await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);

    await server.close();
    await assert.rejects(fetch(`${server.url}/health`));
    await server[Symbol.asyncDispose]();
});

it('a server ends with its gateway', async (test) => {
    const { gateway } = await openBoth(test);
    const server = await gateway.serve(ANYWHERE);
    assert.equal((await fetch(`${server.url}/health`)).status, 200);
    await gateway.close();
    await assert.rejects(fetch(`${server.url}/health`));
});

it('what cannot be served is an error that names it', async (test) => {
    const { gateway } = await openBoth(test);
    const server = await gateway.serve(ANYWHERE);
    const refused = (message) => ({ name: 'GatewayError', code: 'invalid_config', message });
    await assert.rejects(gateway.serve({ address: server.address }), refused(new RegExp(server.address)));
    await assert.rejects(gateway.serve({ port: 1 }), refused(/unknown field `port`/));
    const missing = { certificate: 'missing.pem', key: 'missing.pem' };
    await assert.rejects(gateway.serve({ ...ANYWHERE, tls: missing }), refused(/missing\.pem/));
});

it('a server keeps the process alive until it is closed, and no longer; one without a reference does not', async () => {
    const run = (body) => {
        const program = `
            const { Gateway } = require('libgateway');
            (async () => {
                const gw = await Gateway.open({ store: 'sqlite::memory:' });
                const server = await gw.serve({ address: '127.0.0.1:0' });
                ${body}
            })();`;
        return promisify(execFile)(process.execPath, ['-e', program], { cwd: path.join(__dirname, '..'), timeout: 60_000 });
    };
    const later = (then) => `setTimeout(() => ${then}.then(() => console.log('closed')), 300).unref();`;
    assert.equal((await run(later('server.close()'))).stdout, 'closed\n');
    assert.equal((await run(later('gw.close()'))).stdout, 'closed\n');
    assert.equal((await run(`server.unref(); ${later('server.close()')}`)).stdout, '');
});
