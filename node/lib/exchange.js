'use strict';
// One HTTP request through the gateway, without a socket.

const { ask } = require('./channel.js');
const { Pieces } = require('./pieces.js');

/**
 * `head` has a method, a target, and headers as names and values in turns. `body` is text or bytes, or where it has yet to
 * be read a function that reads it up to a limit: none of it is read where the head is refused.
 *
 * What comes back has a whole body as text or bytes, or a streamed one as pieces.
 */
async function exchange(owner, native, head, body, signal) {
    const answer = typeof body === 'function'
        ? await admitted(owner, native, head, body, signal)
        : await ask(owner, (id) => native.handle(id, head, body), signal);
    const { status, headers } = JSON.parse(answer.head);
    const pieces = answer.stream && new Pieces(owner, answer.stream, 'takeBytes', signal);
    return { status, headers, body: answer.body, pieces };
}

async function admitted(owner, native, head, read, signal) {
    const admission = await ask(owner, (id) => native.admit(id, head), signal);
    if (admission.head !== undefined) {
        return admission;
    }
    const body = await read(JSON.parse(admission.body));
    return ask(owner, (id) => native.handle(id, head, body), signal);
}

/** Reads chunks of bytes until there are more than the limit, which the gateway then refuses. */
async function collect(chunks, limit) {
    const read = [];
    let length = 0;
    for await (const chunk of chunks) {
        read.push(chunk);
        length += chunk.length;
        if (length > limit) {
            break;
        }
    }
    return read.length === 1 ? read[0] : Buffer.concat(read);
}

module.exports = { collect, exchange };
