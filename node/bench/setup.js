'use strict';
// The mock upstream in a process of its own, a gateway on a SQLite file, and one tenant.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const { Gateway } = require('libgateway');

const MASTER_KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const TENANT = 'acme';

/** What the upstream answers: 1 KB at once, and 256 chunks at once to who asks for the model `stream`. */
function scripts() {
    const message = { role: 'assistant', content: 'It saves a hop, a process and a queue. '.repeat(20) };
    const shared = { id: 'chatcmpl-bench', created: 1, model: 'gpt-4o-2024-08-06' };
    const usage = { prompt_tokens: 200, completion_tokens: 180, total_tokens: 380 };
    const chat = { ...shared, object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }], usage };
    const chunk = (delta, finish_reason = null) => ({
        ...shared, object: 'chat.completion.chunk', choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    });
    const events = Array.from({ length: 256 }, (_, number) => chunk({ content: ` token${number}` }));
    const sse = { events: [...events, chunk({}, 'stop')], done: true };
    return { fallback: [{ body: { json: chat } }, { match: { model: 'stream' }, body: { sse } }] };
}

/** A chat of about 1 KB. */
function question(stream) {
    const text = 'How does a gateway that is linked instead of deployed save time? '.repeat(13);
    const messages = [{ role: 'system', content: 'You are brief.' }, { role: 'user', content: text }];
    return stream
        ? { model: 'stream', messages, stream: true, stream_options: { include_usage: true } }
        : { model: 'gpt-4o', messages };
}

/** Starts everything; `program` is the mock upstream. */
async function setup(program) {
    const server = spawn(program, ['--stdin-guard', '--record', 'off'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = await once(readline.createInterface({ input: server.stdout }), 'line');
    const { url } = JSON.parse(line);
    await fetch(`${url}/__upstream/scripts`, { method: 'POST', body: JSON.stringify(scripts()) });

    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'libgateway-bench-'));
    const store = `sqlite:${path.join(folder, 'bench.db')}`;
    const gateway = await Gateway.open({ store, master_key: MASTER_KEY, network: { private: 'allow' } });
    await gateway.createTenant(TENANT, { provider: { kind: 'openai', base_url: `${url}/v1`, api_key: 'sk-bench' } });
    const { secret } = await gateway.createApiKey(TENANT);
    const end = async () => {
        await gateway.close(60_000);
        server.stdin.end();
        fs.rmSync(folder, { recursive: true });
    };
    return { gateway, url, secret, end };
}

module.exports = { TENANT, question, setup };
