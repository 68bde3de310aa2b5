'use strict';
// An open gateway, and a provider that was looked up.

const native = require('./native.js');
const { ask, theChannel } = require('./channel.js');
const { GatewayError, errorOf } = require('./error.js');
const { fetchThrough } = require('./fetch.js');
const { streamed, whole } = require('./models.js');
const { nodeHandler } = require('./node-handler.js');
const { addOperations } = require('./operations.js');
const { Server } = require('./server.js');

/** Only `open` makes gateways. */
const OPENED = Symbol('opened');

class Gateway {
    #native;
    #servers = new Set();

    static async open(config = {}) {
        const opened = await native.open(JSON.stringify(config), theChannel());
        if (typeof opened === 'string') {
            throw errorOf(opened);
        }
        return new Gateway(OPENED, opened);
    }

    constructor(opened, side) {
        if (opened !== OPENED) {
            throw new TypeError('a gateway is opened with `await Gateway.open(config)`');
        }
        this.#native = side;
        // Handed on without its gateway, as SDKs and servers take it.
        this.fetch = fetchThrough(this, side);
    }

    chat(tenantId, request, options) {
        return whole(this.#of(tenantId), 'chat', request, options);
    }

    chatStream(tenantId, request, options) {
        return streamed(this.#of(tenantId), 'chat_stream', request, options);
    }

    responses(tenantId, request, options) {
        return whole(this.#of(tenantId), 'responses', request, options);
    }

    responsesStream(tenantId, request, options) {
        return streamed(this.#of(tenantId), 'responses_stream', request, options);
    }

    embeddings(tenantId, request, options) {
        return whole(this.#of(tenantId), 'embeddings', request, options);
    }

    listModels(tenantId, options) {
        return whole(this.#of(tenantId), 'list_models', '', options);
    }

    async getProviderForTenant(tenantId, name, { signal } = {}) {
        const found = await ask(this, (id) => this.#native.getProvider(id, tenantId, name), signal);
        return new Provider(this, this.#native, found);
    }

    async *traces(tenantId, query, options) {
        let cursor = query?.cursor;
        do {
            const page = await this.listTraces(tenantId, { ...query, cursor }, options);
            yield* page.traces;
            cursor = page.next_cursor;
        } while (cursor !== null);
    }

    nodeHandler(options) {
        return nodeHandler(this, this.#native, options);
    }

    async serve(config = {}) {
        const server = await Server.begin(this, this.#native, config);
        this.#servers.add(server);
        return server;
    }

    async close(timeoutMs) {
        const closed = await this.#native.close(timeoutMs);
        // They have ended with it, and keep no process alive any more.
        this.#servers.forEach((server) => server.unref());
        if (closed.error !== undefined) {
            throw errorOf(closed.error);
        }
        return JSON.parse(closed.body);
    }

    async [Symbol.asyncDispose]() {
        try {
            await this.close();
        } catch (error) {
            if (!(error instanceof GatewayError && error.code === 'closed')) {
                throw error;
            }
        }
    }

    /** The native side, for the operations of the table. */
    static nativeOf(gateway) {
        return gateway.#native;
    }

    #of(tenantId) {
        return { owner: this, native: this.#native, tenantId };
    }
}

addOperations(Gateway.prototype, Gateway.nativeOf);
delete Gateway.nativeOf;

class Provider {
    #target;

    constructor(gateway, side, { body, provider }) {
        Object.assign(this, JSON.parse(body));
        this.#target = { owner: gateway, native: side, tenantId: '', provider };
    }

    chat(request, options) {
        return whole(this.#target, 'chat', request, options);
    }

    chatStream(request, options) {
        return streamed(this.#target, 'chat_stream', request, options);
    }

    responses(request, options) {
        return whole(this.#target, 'responses', request, options);
    }

    responsesStream(request, options) {
        return streamed(this.#target, 'responses_stream', request, options);
    }

    embeddings(request, options) {
        return whole(this.#target, 'embeddings', request, options);
    }
}

module.exports = { Gateway, Provider };
