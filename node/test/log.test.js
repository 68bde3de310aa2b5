'use strict';
// What the library has to say reaches a listener, and nobody where there is none.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { it } = require('node:test');

const { setLog } = require('libgateway');
const { HELLO, TENANT, openBoth } = require('./support/open.js');
const { directory } = require('./support/stores.js');

it('trouble is told to a listener, until it is taken off', async (test) => {
    test.after(() => setLog(null));
    const told = [];
    let tell;
    const first = new Promise((resolve) => (tell = resolve));
    setLog((record) => {
        told.push(record);
        tell();
    });
    // A spool that is taken away is worth a warning.
    const spool = `${directory()}/spool`;
    const { gateway } = await openBoth(test, { spool_dir: spool });
    fs.rmSync(spool, { recursive: true });
    fs.writeFileSync(spool, 'no folder');
    const asks = setInterval(() => gateway.chat(TENANT, HELLO).catch(() => {}), 20);
    await first;
    clearInterval(asks);
    const [{ level, module, message }] = told;
    assert.ok(['warn', 'error'].includes(level));
    assert.match(module, /^libgateway/);
    assert.ok(message.length > 0);
});

it('a level that is none is refused', () => {
    assert.throws(() => setLog(() => {}, { level: 'loud' }), { name: 'TypeError', message: /loud.*error, warn, info, debug/ });
});
