'use strict';
// The one error of the package, and how it is made of what the native side says.

const native = require('./native.js');

/** What every operation fails with. The fields are described in `types.d.ts`. */
class GatewayError extends Error {
    constructor(fields, options) {
        super(fields.message, options);
        this.code = fields.code;
        this.number = fields.number;
        this.status = fields.status;
        this.upstreamStatus = fields.upstream_status ?? null;
        this.temporary = fields.temporary ?? false;
        this.retryAfterMs = fields.retry_after_ms ?? null;
        this.retriesSpent = fields.retries_spent ?? false;
        this.param = fields.param ?? null;
        this.provider = fields.provider ?? null;
        this.requestId = fields.request_id ?? null;
        this.body = fields.body ?? null;
        // Rarely looked at, so not shown wherever the error is printed.
        Object.defineProperty(this, 'headers', { value: Object.fromEntries(fields.headers ?? []) });
    }
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
    return new GatewayError({ code, number, status, message }, options);
}

/** The error of a call whose signal has been aborted. */
function cancelled(signal) {
    return newError('cancelled', 'the call was cancelled', { cause: signal.reason });
}

module.exports = { GatewayError, cancelled, errorOf, newError };
