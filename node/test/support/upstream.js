'use strict';
// The mock upstream of `tests/upstream`, in a process of its own that ends with this one.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const readline = require('node:readline');
const { setTimeout: pause } = require('node:timers/promises');

const { TARGET } = require('./paths.js');

class Upstream {
    #process;

    static async start() {
        const program = path.join(TARGET, 'debug/upstream');
        const child = spawn(program, ['--stdin-guard'], { stdio: ['pipe', 'pipe', 'inherit'] });
        child.on('error', (error) => {
            throw new Error(`the mock upstream is not built: run cargo build --workspace (${error.message})`);
        });
        const [line] = await once(readline.createInterface({ input: child.stdout }), 'line');
        // Neither the child nor its pipes keep a test alive that has ended.
        child.unref();
        child.stdin.unref();
        child.stdout.unref();
        return new Upstream(child, JSON.parse(line).url);
    }

    constructor(child, url) {
        this.#process = child;
        this.url = url;
    }

    /** A provider configuration whose upstream is this mock. */
    get provider() {
        return { kind: 'openai', base_url: `${this.url}/v1`, api_key: 'sk-test' };
    }

    load(scripts) {
        return this.#control('POST', 'scripts', scripts);
    }

    /** What answers the next request. */
    push(script) {
        return this.load({ queue: script });
    }

    /** Waits for `{requests: N}`, `{ended: SEQ}`, `{closed: SEQ}` or `{connections: N}`. */
    wait(what) {
        return this.#control('POST', 'wait', { timeout_ms: 20_000, ...what });
    }

    /** Waits until nothing more is written to that request. That nothing comes is no event: the count stands still. */
    async settled(seq) {
        const written = async () => (await this.requests())[seq].bytes_written;
        let before = -1;
        for (let now = await written(); now !== before; now = await written()) {
            before = now;
            await pause(100);
        }
        return before;
    }

    async requests() {
        return (await this.#control('GET', 'requests')).requests;
    }

    stats() {
        return this.#control('GET', 'stats');
    }

    reset() {
        return this.#control('POST', 'reset', {});
    }

    stop() {
        this.#process.stdin.end();
    }

    async #control(method, what, body) {
        // One connection a question: what waits is then only the gateway's.
        const options = { method, body: body && JSON.stringify(body), headers: { connection: 'close' } };
        const response = await fetch(`${this.url}/__upstream/${what}`, options);
        const answer = await response.json();
        if (!response.ok) {
            throw new Error(`the upstream says ${response.status} to ${what}: ${answer.error}`);
        }
        return answer;
    }
}

module.exports = { Upstream };
