'use strict';
// The body of a streamed answer, in pieces: all that is ready is taken at once.

const { start } = require('./channel.js');
const { cancelled, errorOf } = require('./error.js');

/** Takes the listeners of pieces that were collected off their signals, which may live much longer. */
const collected = new FinalizationRegistry(({ signal, onAbort }) => signal.removeEventListener('abort', onAbort));

class Pieces {
    #stream;
    #owner;
    #take;
    #signal;
    #onAbort;

    /** `take` is `takeEvents` or `takeBytes`; `owner` is the gateway, which has to live as long. */
    constructor(owner, stream, take, signal) {
        this.#owner = owner;
        this.#stream = stream;
        this.#take = take;
        this.#signal = signal;
        if (signal) {
            // The signal does not hold on to the stream: who lets go of it still ends the call.
            const held = new WeakRef(stream);
            this.#onAbort = () => held.deref()?.cancel();
            signal.addEventListener('abort', this.#onAbort, { once: true });
            collected.register(this, { signal, onAbort: this.#onAbort }, this);
            if (signal.aborted) {
                stream.cancel();
            }
        }
    }

    /** What is ready, at least one piece; `undefined` at the end. */
    async take() {
        let taken = this.#now();
        if (taken === null) {
            const { settled } = start(this, (id, channel) => this.#stream.wait(channel, id));
            const woken = await settled;
            if (woken?.error) {
                throw errorOf(woken.error, this.#signal);
            }
            taken = this.#now();
        }
        if (taken.error !== undefined || taken.end) {
            this.#over();
        }
        if (taken.error !== undefined) {
            throw errorOf(taken.error, this.#signal);
        }
        return taken.events ?? taken.bytes;
    }

    /** Ends the call upstream. */
    cancel() {
        this.#over();
        this.#stream.cancel();
    }

    #now() {
        // What is ready does not matter any more to who has aborted.
        if (this.#signal?.aborted) {
            this.#over();
            throw cancelled(this.#signal);
        }
        return this.#stream[this.#take]();
    }

    #over() {
        if (this.#onAbort !== undefined) {
            this.#signal.removeEventListener('abort', this.#onAbort);
            collected.unregister(this);
        }
        this.#owner = undefined;
    }
}

/** A web stream of bytes, read no further ahead than asked for. `reason` makes what it fails with of an error. */
function readable(pieces, reason = (error) => error) {
    const source = {
        async pull(controller) {
            try {
                const bytes = await pieces.take();
                if (bytes === undefined) {
                    controller.close();
                } else {
                    controller.enqueue(bytes);
                }
            } catch (error) {
                controller.error(reason(error));
            }
        },
        cancel: () => pieces.cancel(),
    };
    return new ReadableStream(source, { highWaterMark: 0 });
}

module.exports = { Pieces, readable };
