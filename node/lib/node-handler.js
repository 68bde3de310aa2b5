'use strict';
// A gateway behind Node's own HTTP server, and behind what is built on it.

const { once } = require('node:events');

const { exchange } = require('./exchange.js');

function nodeHandler(owner, native, { prefix = '' } = {}) {
    return async function handler(request, response) {
        const gone = new AbortController();
        response.once('close', () => gone.abort());
        try {
            const body = await bodyOf(request);
            const headers = request.rawHeaders;
            const target = request.url.startsWith(prefix) ? request.url.slice(prefix.length) : request.url;
            const asked = { method: request.method, target, headers, body };
            await answer(response, await exchange(owner, native, asked, gone.signal));
        } catch (error) {
            fail(response, error);
        }
    };
}

/** The body: what a parser before this handler has made of it, where there was one. */
async function bodyOf(request) {
    const { body } = request;
    if (body !== undefined && request.readableEnded) {
        return typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    }
    const chunks = [];
    for await (const chunk of request) {
        chunks.push(chunk);
    }
    return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}

async function answer(response, { status, headers, body, pieces }) {
    for (const [name, value] of headers) {
        response.appendHeader(name, value);
    }
    response.statusCode = status;
    if (pieces === undefined) {
        response.end(body);
        return;
    }
    response.flushHeaders();
    for (let bytes = await pieces.take(); bytes !== undefined; bytes = await pieces.take()) {
        if (!response.write(bytes)) {
            await Promise.race([once(response, 'drain'), once(response, 'close')]);
        }
    }
    response.end();
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
