'use strict';
// What the package offers: every operation there is, in both module systems, with types that say the same.

const assert = require('node:assert/strict');
const { execFile, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { it } = require('node:test');
const { promisify } = require('node:util');

const library = require('libgateway');
const native = require('../lib/native.js');
const { operationOf } = require('../lib/operations.js');
const { FILE, dataTypes } = require('../scripts/data-types.js');

const { Gateway, GatewayError, Provider } = library;
const TYPES = fs.readFileSync(path.join(__dirname, '../types.d.ts'), 'utf8');
const PACKAGE = path.join(__dirname, '..');

/** Methods that are no operation, and why. */
const NO_OPERATION = new Map([
    ['constructor', 'not to be called'],
    ['traces', 'list_traces, page after page'],
    ['nodeHandler', 'HTTP'],
    ['serve', 'HTTP'],
]);

const methodsOf = (prototype) => Object.getOwnPropertyNames(prototype).filter((name) => !NO_OPERATION.has(name));

it('every operation has a method, and every method an operation', () => {
    const operations = JSON.parse(native.operations()).map(({ name }) => name);
    assert.deepEqual(methodsOf(Gateway.prototype).map(operationOf).sort(), operations.sort());
    const ofProvider = methodsOf(Provider.prototype).map(operationOf);
    assert.deepEqual(ofProvider.filter((name) => !operations.includes(name)), []);
});

it('the types have every method', () => {
    const [, ofGateway, ofProvider] = /export class Gateway(.*?)^}.*?export class Provider(.*?)^}/ms.exec(TYPES);
    const declared = (text) => [...text.matchAll(/^ {4}(\w+)[<(]/gm)].map(([, name]) => name);
    const methods = Object.getOwnPropertyNames(Gateway.prototype).filter((name) => name !== 'constructor');
    assert.deepEqual(declared(ofGateway).sort(), methods.sort());
    assert.deepEqual(declared(ofProvider).sort(), methodsOf(Provider.prototype).sort());
});

it('the types of data are what the schema says', () => {
    assert.equal(fs.readFileSync(FILE, 'utf8'), dataTypes(), 'node/data.d.ts is stale: run `make gen` and commit the result');
});

it('an ES module gets the same classes as a CommonJS module', async () => {
    const imported = await import('libgateway');
    assert.deepEqual({ ...imported }, { ...library });
    assert.equal(imported.GatewayError, GatewayError);
});

it('a host compiles against the types, as an ES module and as CommonJS', { timeout: 300_000 }, async () => {
    const compiler = require.resolve('typescript/bin/tsc');
    const run = promisify(execFile)(process.execPath, [compiler, '-p', 'test/types'], { cwd: PACKAGE });
    await run.catch(({ stdout }) => assert.fail(stdout));
});

it('importing the package starts nothing', () => {
    const script = `
        const now = () => [require('fs').readdirSync('/proc/self/task').length, ...process.getActiveResourcesInfo()];
        const before = now();
        require('libgateway');
        const after = now();
        process.stdout.write(JSON.stringify([before, after]));`;
    const [before, after] = JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: PACKAGE }));
    assert.deepEqual(after, before);
});

it('a gateway is made by open alone', () => {
    assert.throws(() => new Gateway(), { name: 'TypeError', message: /Gateway\.open/ });
});
