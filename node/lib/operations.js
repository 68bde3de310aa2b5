'use strict';
// The operations that call no model: method → the arguments it takes by position. The last one may be `...`, an object with
// all others. A new operation is a row here and a method in `types.d.ts`.

const { ask } = require('./channel.js');

const OPERATIONS = {
    listTraces: ['tenant_id', '...'],
    getTrace: ['tenant_id', 'trace_id'],
    analytics: ['tenant_id', '...'],
    analyticsSummary: ['tenant_id', '...'],
    analyticsTimeseries: ['tenant_id', '...'],
    analyticsModels: ['tenant_id', '...'],
    analyticsBreakdown: ['tenant_id', 'by', '...'],
    analyticsComparison: ['tenant_id', '...'],
    topTraces: ['tenant_id', 'order', '...'],
    analyticsTenants: ['...'],
    exportToFile: ['tenant_id', 'path', '...'],
    rebuildRollups: ['tenant_id', 'since', 'until'],

    createTenant: ['id', '...'],
    getTenant: ['tenant_id'],
    listTenants: ['...'],
    updateTenant: ['tenant_id', '...'],
    deleteTenant: ['tenant_id'],
    eraseTenant: ['tenant_id'],
    setProvider: ['tenant_id', '...'],
    listProviders: ['tenant_id'],
    deleteProvider: ['tenant_id', 'name'],
    evictProvider: ['tenant_id', 'name'],
    createApiKey: ['tenant_id', '...'],
    listApiKeys: ['tenant_id'],
    revokeApiKey: ['tenant_id', 'key_id'],
    createAdminKey: ['...'],
    listAdminKeys: [],
    revokeAdminKey: ['key_id'],

    rewrapDataKeys: [],
    reprice: ['...'],
    loadPrices: ['prices'],
    backup: ['path'],
    listDeadLetters: ['limit'],
    flush: ['timeout_ms'],
    stats: [],
    verify: [],
    health: [],
};

/** The operation that a method stands for. */
function operationOf(method) {
    return method.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Gives a class one method for each row; `nativeOf(instance)` is the native side. */
function addOperations(prototype, nativeOf) {
    for (const [method, names] of Object.entries(OPERATIONS)) {
        const operation = operationOf(method);
        const value = async function (...given) {
            const taken = given.slice(0, names.length);
            const args = Object.fromEntries(taken.flatMap((value, at) => pairs(names[at], value)));
            const { signal } = given[names.length] ?? {};
            const native = nativeOf(this);
            const { body } = await ask(this, (id) => native.call(id, operation, JSON.stringify(args)), signal);
            return JSON.parse(body) ?? undefined;
        };
        Object.defineProperty(value, 'name', { value: method });
        Object.defineProperty(prototype, method, { value, writable: true, configurable: true });
    }
}

/** In the place of a tenant's id: the traces of all tenants. */
const ALL_TENANTS = Symbol('all tenants');

function pairs(name, value) {
    if (value === ALL_TENANTS) {
        return [['tenants', 'all']];
    }
    if (name !== '...') {
        return [[name, value]];
    }
    return Object.entries(value ?? {});
}

module.exports = { ALL_TENANTS, OPERATIONS, addOperations, operationOf };
