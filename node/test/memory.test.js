'use strict';
// Calls leave nothing behind in memory. `make soak-node` makes 200,000 of them.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { it } = require('node:test');
const { promisify } = require('node:util');

const { TARGET } = require('./support/paths.js');

const CALLS = 24_000;
/** A kilobyte a call would be 12 MB. */
const GROWTH_MB = 8;

it('memory stands still', { timeout: 300_000 }, async () => {
    const program = ['--expose-gc', 'bench/soak.js', path.join(TARGET, 'debug/upstream'), String(CALLS)];
    const { stdout } = await promisify(execFile)(process.execPath, program, { cwd: path.join(__dirname, '..') });
    assert.ok(JSON.parse(stdout).grown_in_second_half < GROWTH_MB, stdout);
});
