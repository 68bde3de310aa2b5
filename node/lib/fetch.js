'use strict';
// The web's `fetch` over a gateway: for SDKs that take one, and for servers that are made of one.

const { collect, exchange } = require('./exchange.js');
const { readable } = require('./pieces.js');

/** Where a path without a host belongs; no host is looked at. */
const ORIGIN = 'http://libgateway';
/** Statuses whose responses have no body, not even an empty one. */
const WITHOUT_BODY = new Set([204, 205, 304]);

function fetchThrough(owner, native) {
    return async function fetch(input, init) {
        const { head, body, signal } = read(input, init);
        if (signal?.aborted) {
            throw signal.reason;
        }
        try {
            return respond(await exchange(owner, native, head, body, signal), signal);
        } catch (error) {
            throw reasonOf(error, signal);
        }
    };
}

/** What `fetch` fails with: the signal's reason, or a `TypeError` with the gateway's error as its cause. */
function reasonOf(error, signal) {
    return signal?.aborted ? signal.reason : new TypeError(`fetch failed: ${error.message}`, { cause: error });
}

function respond({ status, headers, body, pieces }, signal) {
    const content = pieces ? readable(pieces, (error) => (signal?.aborted ? signal.reason : error)) : body;
    // Upstreams may invent statuses that a response cannot have.
    const known = status >= 200 && status <= 599 ? status : 502;
    return new Response(WITHOUT_BODY.has(known) ? null : content, { status: known, headers });
}

/** The request that the arguments of `fetch` mean. */
function read(input, init = {}) {
    const isRequest = typeof input === 'object' && !(input instanceof URL);
    if (isRequest && Object.keys(init).length === 0) {
        return ofRequest(input);
    }
    if (isRequest || !isPlain(init.body)) {
        const options = init.body instanceof ReadableStream ? { ...init, duplex: 'half' } : init;
        return ofRequest(new Request(isRequest ? input : new URL(input, ORIGIN), options));
    }
    const { method = 'GET', body, signal } = init;
    return { head: { method: method.toUpperCase(), target: targetOf(input), headers: flat(init.headers) }, body: bytes(body), signal };
}

function ofRequest({ method, url, headers, body, signal }) {
    const content = body === null ? '' : (limit) => collect(body, limit);
    return { head: { method, target: targetOf(url), headers: flat(headers) }, body: content, signal };
}

/** The path with its query. */
function targetOf(url) {
    const { pathname, search } = url instanceof URL ? url : new URL(url, ORIGIN);
    return pathname + search;
}

/** Bodies that need no help from `Request`; it knows the others: forms, blobs, streams. */
function isPlain(body) {
    return body === undefined || body === null || typeof body === 'string' || isBytes(body);
}

function isBytes(body) {
    return body instanceof ArrayBuffer || ArrayBuffer.isView(body);
}

function bytes(body) {
    if (!isBytes(body)) {
        return body ?? '';
    }
    return body instanceof ArrayBuffer
        ? new Uint8Array(body)
        : new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
}

/** Names and values in turns. */
function flat(headers = {}) {
    const pairs = typeof headers[Symbol.iterator] === 'function' ? [...headers] : Object.entries(headers);
    return pairs.flat().map(String);
}

module.exports = { fetchThrough };
