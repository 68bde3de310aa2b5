'use strict';
// The databases that everything is tested on; each is fresh.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const { ROOT } = require('./paths.js');

const MASTER_KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';

/** A directory that is gone when the process is. */
function directory() {
    const made = fs.mkdtempSync(path.join(os.tmpdir(), 'libgateway-node-'));
    process.on('exit', () => fs.rmSync(made, { recursive: true, force: true }));
    return made;
}

/** What a configuration needs to store in a file of its own. */
async function sqlite() {
    return { store: `sqlite:${path.join(directory(), 'gateway.db')}`, master_key: MASTER_KEY };
}

/** What it needs to store in a server of its own, which ends with this process. */
async function postgres() {
    const server = spawn(path.join(ROOT, 'tests/postgres.sh'), { stdio: ['pipe', 'pipe', 'inherit'] });
    const [url] = await Promise.race([
        once(readline.createInterface({ input: server.stdout }), 'line'),
        once(server, 'exit').then(() => Promise.reject(new Error('PostgreSQL did not start; see the message above'))),
    ]);
    server.unref();
    server.stdin.unref();
    server.stdout.unref();
    return { store: url, master_key: MASTER_KEY, spool_dir: path.join(directory(), 'spool') };
}

/** Loopback upstreams, short timeouts, retries without much waiting: as `tests/fixtures/README.md` has it. */
const FOR_TESTS = {
    network: { private: 'allow' },
    timeouts: { connect_ms: 2000, first_byte_ms: 10000, idle_ms: 10000, total_ms: 30000 },
    retry: { max_attempts: 3, base_ms: 1, max_ms: 5 },
    recorder: { flush_ms: 10 },
};

module.exports = { FOR_TESTS, STORES: { sqlite, postgres }, directory };
