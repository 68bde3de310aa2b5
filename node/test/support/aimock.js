'use strict';
// aimock, a mock of OpenAI's API that other people wrote, in a process of its own. It reaches no network.

const { spawn } = require('node:child_process');
const path = require('node:path');
const readline = require('node:readline');

const { ROOT } = require('./paths.js');

const FOLDER = path.join(ROOT, 'tests/aimock');
const OPTIONS = ['--host', '127.0.0.1', '--port', '0', '--chunk-size', '7', '--fixtures', 'fixtures.json', '--strict'];

/** Starts one for a test; gives a provider configuration that leads to it. */
async function aimock(test) {
    const program = path.join(FOLDER, 'node_modules/@copilotkit/aimock/dist/cli.js');
    const args = ['--require', './offline.cjs', program, ...OPTIONS];
    const server = spawn(process.execPath, args, { cwd: FOLDER, stdio: ['pipe', 'pipe', 'inherit'] });
    test.after(() => server.stdin.end());
    for await (const line of readline.createInterface({ input: server.stdout })) {
        const url = /listening on (\S+)/.exec(line)?.[1];
        if (url !== undefined) {
            server.stdout.resume();
            return { kind: 'custom', name: 'aimock', base_url: `${url}/v1`, default: true, capabilities: { embeddings: true } };
        }
    }
    throw new Error('aimock did not start; `make test` installs it');
}

module.exports = { aimock };
