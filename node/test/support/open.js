'use strict';
// A gateway on a fresh store, its mock upstream and one tenant: a host's code, as short as a test wants it.

const { Gateway } = require('libgateway');
const { FOR_TESTS, STORES } = require('./stores.js');
const { Upstream } = require('./upstream.js');

const TENANT = 'acme';
const HELLO = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] };

/** Opens both for one test, after which they end. */
async function openBoth(test, config = {}) {
    const upstream = await Upstream.start();
    const gateway = await Gateway.open({ ...FOR_TESTS, ...(await STORES.sqlite()), ...config });
    test.after(async () => {
        await gateway[Symbol.asyncDispose]();
        upstream.stop();
    });
    await gateway.createTenant(TENANT, { provider: upstream.provider });
    return { gateway, upstream };
}

/** The tenant's one trace, with its content. */
async function onlyTrace(gateway) {
    await gateway.flush(20_000);
    const { traces } = await gateway.listTraces(TENANT);
    if (traces.length !== 1) {
        throw new Error(`one trace was expected, not ${traces.length}`);
    }
    return gateway.getTrace(TENANT, traces[0].id);
}

module.exports = { HELLO, TENANT, onlyTrace, openBoth };
