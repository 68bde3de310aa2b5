'use strict';
// The one error of the package, and how it is made of what the native side says.

const native = require('./native.js');

/** What every operation fails with. The fields are described in `types.d.ts`. */
class GatewayError extends Error {
    constructor({ message, headers = [], ...fields }, options) {
        super(message, options);
        for (const [field, property] of Object.entries(PROPERTIES)) {
            // What is not known is on the prototype, and not shown wherever the error is printed.
            if (fields[field] !== undefined && fields[field] !== null) {
                this[property] = fields[field];
            }
        }
        Object.defineProperty(this, 'headers', { value: Object.fromEntries(headers) });
    }
}

/** The fields of the native side, and what they are called here. */
const PROPERTIES = {
    code: 'code',
    number: 'number',
    status: 'status',
    upstream_status: 'upstreamStatus',
    temporary: 'temporary',
    retry_after_ms: 'retryAfterMs',
    retries_spent: 'retriesSpent',
    param: 'param',
    provider: 'provider',
    request_id: 'requestId',
    body: 'body',
};
for (const property of Object.values(PROPERTIES)) {
    Object.defineProperty(GatewayError.prototype, property, { value: null, writable: true });
}
Object.defineProperty(GatewayError.prototype, 'name', { value: 'GatewayError' });

/** The error that JSON of the native side describes; where `signal` is the reason of a cancellation, it is the cause. */
function errorOf(json, signal) {
    const fields = JSON.parse(json);
    if (fields.code === 'cancelled' && signal?.aborted) {
        return new GatewayError(fields, { cause: signal.reason });
    }
    return new GatewayError(fields, fields.cause === null ? undefined : { cause: new Error(fields.cause) });
}

let codes;

/** An error that arises on this side, of a code of the table. */
function newError(code, message, options) {
    codes ??= new Map(JSON.parse(native.errorCodes()).map((row) => [row.name, row]));
    const { number, status } = codes.get(code);
    return new GatewayError({ code, number, status, message, temporary: false, retries_spent: false }, options);
}

/** The error of a call whose signal has been aborted. */
function cancelled(signal) {
    return newError('cancelled', 'the call was cancelled', { cause: signal.reason });
}

module.exports = { GatewayError, cancelled, errorOf, newError };
