'use strict';
// What the gateway costs in Node, beside Node's own fetch and OpenAI's SDK: all talk to one mock upstream in a process of its
// own, in turns, so that a noisy machine disturbs all alike. Prints both absolutes and their ratio. `make bench-node` runs it.
//
//     node bench/bench.js UPSTREAM [ROUNDS]
//
// CPU is that of the whole process: for the gateway with its recorder and store, whose traces are encrypted and durable, and
// are written before a turn ends.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const OpenAI = require('openai').default;

const { TENANT, question, setup } = require('./setup.js');

const CHATS = 200;
const STREAMS = 25;

async function main(program, rounds = 20) {
    loading();
    const { gateway, url, secret, end } = await setup(program);
    const alone = new OpenAI({ apiKey: 'sk-bench', baseURL: `${url}/v1` });
    const through = new OpenAI({ apiKey: secret, baseURL: 'http://libgateway/v1', fetch: gateway.fetch });
    const flush = () => gateway.flush(60_000);
    const [chat, stream] = [question(false), question(true)];

    const post = (body) => fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: 'Bearer sk-bench', 'content-type': 'application/json' },
        body: JSON.stringify(body),
    });
    await compare('chat of 1 KB', 'fetch', '≤ 0.6', { rounds, calls: CHATS, flush }, [
        async () => checked((await gateway.chat(TENANT, chat)).body.choices.length, 1),
        async () => checked((await (await post(chat)).json()).choices.length, 1),
    ]);
    await compare('the same through the OpenAI SDK', 'SDK', '≤ 1.0', { rounds, calls: CHATS, flush }, [
        async () => checked((await through.chat.completions.create(chat)).choices.length, 1),
        async () => checked((await alone.chat.completions.create(chat)).choices.length, 1),
    ]);
    await compare('stream of 256 chunks, parsed', 'fetch', '≤ 1.0', { rounds, calls: STREAMS, flush }, [
        async () => checked(await count(gateway.chatStream(TENANT, stream)), 257),
        async () => checked(await count(events((await post(stream)).body)), 257),
    ]);
    await compare('the same as bytes', 'fetch', '-', { rounds, calls: STREAMS, flush }, [
        async () => count(gateway.chatStream(TENANT, stream).toReadableStream()),
        async () => count((await post(stream)).body),
    ]);
    await compare('the same through the OpenAI SDK', 'SDK', '-', { rounds, calls: STREAMS, flush }, [
        async () => checked(await count(await through.chat.completions.create(stream)), 257),
        async () => checked(await count(await alone.chat.completions.create(stream)), 257),
    ]);
    await end();
}

/** Ours and a reference in turns. */
async function compare(what, reference, promise, { rounds, calls, flush }, contenders) {
    const taken = contenders.map(() => ({ cpu: 0, durations: [] }));
    for (let round = 0; round <= rounds; round += 1) {
        for (const [at, call] of contenders.entries()) {
            const begun = process.cpuUsage();
            const durations = [];
            for (let number = 0; number < calls; number += 1) {
                const asked = performance.now();
                await call();
                durations.push((performance.now() - asked) * 1_000);
            }
            await flush();
            const { user, system } = process.cpuUsage(begun);
            // The first round warms up all.
            if (round > 0) {
                taken[at].cpu += user + system;
                taken[at].durations.push(...durations);
            }
        }
    }
    const [ours, theirs] = taken.map(({ cpu, durations }) => ({ cpu: cpu / durations.length, p50: median(durations) }));
    report(`${what}, CPU`, reference, promise, ours.cpu, theirs.cpu);
    report(`${what}, p50`, reference, '-', ours.p50, theirs.p50);
}

function report(what, reference, promise, ours, theirs) {
    const micros = (value) => `${value.toFixed(0).padStart(6)} µs`;
    const ratio = (ours / theirs).toFixed(2);
    console.log(`${what.padEnd(38)} ours ${micros(ours)}   ${reference.padStart(5)} ${micros(theirs)}   ratio ${ratio}   promise ${promise}`);
}

/** How long `require` takes in a new process, and how large the addon is without its debug information. */
function loading() {
    const program = 'const begun = performance.now(); require("libgateway"); console.log(performance.now() - begun);';
    const here = { cwd: path.join(__dirname, '..'), encoding: 'utf8' };
    const times = Array.from({ length: 11 }, () => Number(execFileSync(process.execPath, ['-e', program], here)));
    console.log(`${'loading the module, p50'.padEnd(38)} ours ${median(times).toFixed(1).padStart(6)} ms   promise ≤ 30`);
    const stripped = path.join(__dirname, '../../target/bench.node');
    execFileSync('strip', ['--strip-unneeded', '-o', stripped, path.join(__dirname, '../lib/libgateway.node')]);
    const megabytes = fs.statSync(stripped).size / 1e6;
    console.log(`${'the addon, stripped'.padEnd(38)} ours ${megabytes.toFixed(1).padStart(6)} MB   promise ≤ 12`);
}

/** The events of a stream, as a host without an SDK reads them. */
async function* events(body) {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const bytes of body) {
        const parts = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
        rest = parts.pop();
        for (const part of parts) {
            const data = part.slice('data: '.length);
            if (data !== '[DONE]') {
                yield JSON.parse(data);
            }
        }
    }
}

async function count(pieces) {
    let count = 0;
    for await (const _ of pieces) {
        count += 1;
    }
    return count;
}

function checked(actual, expected) {
    if (actual !== expected) {
        throw new Error(`${actual} came, not ${expected}`);
    }
}

function median(values) {
    return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)];
}

main(process.argv[2], process.argv[3] && Number(process.argv[3]));
