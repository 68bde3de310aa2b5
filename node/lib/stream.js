'use strict';
// A streamed answer. Nothing is asked before the first look at it.

const { ask, cancel } = require('./channel.js');
const { newError } = require('./error.js');
const { Pieces, readable } = require('./pieces.js');
const { Head, parse } = require('./reply.js');

const DONE = { done: true, value: undefined };

class ReplyStream {
    #owner;
    #begin;
    #signal;
    /** The call that opens the stream, while it runs. */
    #opening;
    /** The head and the pieces, once asked for. */
    #opened;
    #provider;
    #filling;
    #ready = [];
    #at = 0;
    #failure;
    #over = false;

    /** `begin(id, bytes)` starts the call: for its bytes, or for its events. */
    constructor(owner, begin, signal) {
        this.#owner = owner;
        this.#begin = begin;
        this.#signal = signal;
    }

    async head() {
        const { head } = await this.#open('takeEvents');
        return head;
    }

    async next() {
        // Most events are there already: no need to wait for what does not.
        const text = this.#at < this.#ready.length ? this.#ready[this.#at++] : await this.#event();
        if (text === undefined) {
            return DONE;
        }
        try {
            return { done: false, value: parse(text, this.#provider) };
        } catch (error) {
            this.cancel();
            throw error;
        }
    }

    async return(value) {
        this.cancel();
        return { done: true, value };
    }

    [Symbol.asyncIterator]() {
        return this;
    }

    async [Symbol.asyncDispose]() {
        this.cancel();
    }

    async *raw() {
        try {
            for (let text = await this.#event(); text !== undefined; text = await this.#event()) {
                yield text;
            }
        } finally {
            this.cancel();
        }
    }

    toReadableStream() {
        const opened = this.#open('takeBytes');
        // What it fails with is told to who reads.
        opened.catch(() => {});
        const pieces = { take: async () => (await opened).pieces.take(), cancel: () => this.cancel() };
        return readable(pieces);
    }

    cancel() {
        this.#over = true;
        this.#ready = [];
        if (this.#opening !== undefined) {
            cancel(this.#opening);
        }
        this.#opened?.then(({ pieces }) => pieces.cancel(), () => {});
    }

    /** The data of the next event. */
    async #event() {
        for (;;) {
            if (this.#at < this.#ready.length) {
                return this.#ready[this.#at++];
            }
            if (this.#over) {
                return undefined;
            }
            this.#filling ??= this.#fill();
            await this.#filling;
            if (this.#failure !== undefined && !this.#over) {
                this.#over = true;
                throw this.#failure;
            }
        }
    }

    /** Takes what is ready. It does not throw: whoever asks next is told. */
    async #fill() {
        try {
            const { pieces } = await this.#open('takeEvents');
            const events = await pieces.take();
            if (events === undefined) {
                this.#over = true;
            } else if (!this.#over) {
                this.#ready = events;
                this.#at = 0;
            }
        } catch (error) {
            this.#failure = error;
        } finally {
            this.#filling = undefined;
        }
    }

    #open(take) {
        this.#opened ??= this.#ask(take);
        return this.#opened;
    }

    async #ask(take) {
        if (this.#over) {
            throw newError('cancelled', 'the stream was cancelled before it began');
        }
        const begin = (id) => this.#begin(id, take === 'takeBytes');
        const answer = await ask(this, begin, this.#signal, (id) => (this.#opening = id));
        this.#opening = undefined;
        const head = new Head(answer.head);
        this.#provider = head.provider;
        return { head, pieces: new Pieces(this.#owner, answer.stream, take, this.#signal) };
    }
}

module.exports = { ReplyStream };
