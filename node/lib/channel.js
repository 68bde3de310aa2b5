'use strict';
// Where the native side tells what came of things, and who waits for it. There is one channel for each thread, shared by
// all its gateways; it keeps the process alive as long as somebody waits, and no longer.

const native = require('./native.js');
const { cancelled, errorOf } = require('./error.js');

/** Who waits, by number. An entry holds on to its owner, which would else be collected, and its call cancelled. */
const waiting = new Map();
let channel;
let lastId = 0;

function settle(id, settled) {
    const waiter = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) {
        channel.unref();
    }
    waiter?.resolve(settled);
}

/** The way back into this thread; made when it is first needed. */
function theChannel() {
    channel ??= new native.Channel(settle);
    return channel;
}

/**
 * Begins something under a number: `begin(id, channel)` says why it cannot, or null.
 * @returns the number, and a promise of what came of it, which is data even where it failed.
 */
function start(owner, begin) {
    theChannel();
    lastId = lastId === 0xffffffff ? 1 : lastId + 1;
    const id = lastId;
    const failed = begin(id, channel);
    if (failed !== null) {
        return { id, settled: Promise.resolve({ error: failed }) };
    }
    const settled = new Promise((resolve) => waiting.set(id, { resolve, owner }));
    if (waiting.size === 1) {
        channel.ref();
    }
    return { id, settled };
}

/** Keeps the process alive, and an owner, until the function that it returns is called. */
function hold(owner) {
    const { id } = start(owner, () => null);
    return () => settle(id);
}

/** Ends what was started under that number; its promise is fulfilled all the same. */
function cancel(id) {
    channel.cancel(id);
}

/**
 * Starts a call and waits for what comes of it; `started` is told its number, to `cancel` it. Throws here and not where
 * the end is told, so that the stack is the caller's.
 */
async function ask(owner, begin, signal, started) {
    if (signal?.aborted) {
        throw cancelled(signal);
    }
    const { id, settled } = start(owner, begin);
    started?.(id);
    const onAbort = () => cancel(id);
    signal?.addEventListener('abort', onAbort, { once: true });
    const answer = await settled;
    signal?.removeEventListener('abort', onAbort);
    if (answer.error !== undefined) {
        throw errorOf(answer.error, signal);
    }
    return answer;
}

module.exports = { ask, cancel, hold, start, theChannel };
