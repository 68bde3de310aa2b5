'use strict';
// A gateway behind Node's own HTTP server, and behind what is built on it.

const { collect, exchange } = require('./exchange.js');

function nodeHandler(owner, native, { prefix = '' } = {}) {
    return async function handler(request, response) {
        const gone = new AbortController();
        response.once('close', () => gone.abort());
        // A client that leaves in the middle of a write is one that has left.
        response.on('error', () => gone.abort());
        try {
            const target = request.url.startsWith(prefix) ? request.url.slice(prefix.length) : request.url;
            const head = { method: request.method, target, headers: request.rawHeaders };
            await answer(request, response, await exchange(owner, native, head, bodyOf(request), gone.signal));
        } catch (error) {
            fail(response, error);
        }
    };
}

/** The body: what a parser before this handler has made of it, where there was one, or how to read it. */
function bodyOf(request) {
    const { body } = request;
    if (request.readableEnded && body !== undefined) {
        return typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    }
    return request.complete && request.readableLength === 0 ? '' : (limit) => collect(request, limit);
}

async function answer(request, response, { status, headers, body, pieces }) {
    for (const [name, value] of headers) {
        response.appendHeader(name, value);
    }
    response.statusCode = status;
    if (!request.complete) {
        // What nobody is going to read does not stand before the next request.
        response.setHeader('connection', 'close');
    }
    if (pieces === undefined) {
        response.end(body);
        return;
    }
    response.flushHeaders();
    for (let bytes = await pieces.take(); bytes !== undefined; bytes = await pieces.take()) {
        if (!response.write(bytes)) {
            await drained(response);
        }
    }
    response.end();
}

/** Waits until there is room again, or nobody any more. */
function drained(response) {
    return new Promise((resolve) => {
        const done = () => {
            response.off('drain', done).off('close', done);
            resolve();
        };
        response.on('drain', done).on('close', done);
    });
}

/** What fails before the head is an answer; what fails later can only be cut. */
function fail(response, error) {
    if (response.headersSent || response.destroyed) {
        response.destroy(error);
        return;
    }
    const { message, param = null, code = 'internal', status = 500 } = error;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message, type: 'server_error', param, code } }));
}

module.exports = { nodeHandler };
