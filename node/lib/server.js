'use strict';
// A server for clients outside the process. It runs on a thread of the library's; JavaScript sees none of its requests.

const { hold } = require('./channel.js');
const { errorOf } = require('./error.js');

/** What a server takes until clients have ended, where nothing else is said. */
const GRACE_MS = 10_000;

class Server {
    #native;
    #release;

    /** Begins to serve; the process stays alive until it ends. */
    static async begin(gateway, side, config) {
        const serving = await side.serve(JSON.stringify(config));
        if (typeof serving === 'string') {
            throw errorOf(serving);
        }
        return new Server(gateway, serving, config.tls ? 'https' : 'http');
    }

    constructor(gateway, serving, scheme) {
        this.#native = serving;
        this.#release = hold(gateway);
        this.address = serving.address;
        this.url = `${scheme}://${serving.address}`;
    }

    async close(timeoutMs = GRACE_MS) {
        const ended = await this.#native.shutdown(timeoutMs);
        this.#release();
        if (ended.error !== undefined) {
            throw errorOf(ended.error);
        }
    }

    unref() {
        this.#release();
        return this;
    }

    async [Symbol.asyncDispose]() {
        await this.close();
    }
}

module.exports = { Server };
