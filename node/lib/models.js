'use strict';
// Calls of models. A target says whose: `native` is the gateway's native side, `provider` that of a provider which was
// looked up before, `owner` what has to live as long as the call.

const { ask } = require('./channel.js');
const { Reply } = require('./reply.js');
const { ReplyStream } = require('./stream.js');

/** A call that is answered as a whole. */
async function whole(target, operation, request, options) {
    const { asked, signal } = read(target, operation, request, options);
    const begin = (id) => target.native.callModel(id, { ...asked, bytes: false }, target.provider);
    return new Reply(await ask(target.owner, begin, signal));
}

/** A call that is answered as a stream. */
function streamed(target, operation, request, options) {
    const { asked, signal } = read(target, operation, request, options);
    const begin = (id, bytes) => target.native.callModel(id, { ...asked, bytes }, target.provider);
    return new ReplyStream(target.owner, begin, signal);
}

function read({ tenantId }, operation, request, { signal, ...options } = {}) {
    const given = Object.keys(options).length > 0;
    const asked = { operation, tenantId, body: body(request), options: given ? JSON.stringify(options) : undefined };
    return { asked, signal };
}

/** A request as what goes upstream: text and bytes as they are, anything else as JSON. */
function body(request) {
    if (typeof request === 'string' || request instanceof Uint8Array) {
        return request;
    }
    if (request === null || typeof request !== 'object') {
        throw new TypeError('a request is an object, or its JSON as a string or as bytes');
    }
    return JSON.stringify(request);
}

module.exports = { streamed, whole };
