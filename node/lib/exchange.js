'use strict';
// One HTTP request through the gateway, without a socket.

const { ask } = require('./channel.js');
const { Pieces } = require('./pieces.js');

/**
 * `headers` has names and values in turns, and so has what comes back. A whole body is text or bytes, a streamed one is
 * pieces.
 */
async function exchange(owner, native, { method, target, headers, body }, signal) {
    const answer = await ask(owner, (id) => native.handle(id, method, target, headers, body), signal);
    const { status, headers: answered } = JSON.parse(answer.head);
    const pieces = answer.stream && new Pieces(owner, answer.stream, 'takeBytes', signal);
    return { status, headers: answered, body: answer.body, pieces };
}

module.exports = { exchange };
