'use strict';
// What a provider answered: the head, and for a whole answer its body.

const { newError } = require('./error.js');

class Head {
    #fields;

    constructor(json) {
        this.#fields = JSON.parse(json);
    }

    get status() {
        return this.#fields.status;
    }

    get headers() {
        return new Headers(this.#fields.headers);
    }

    get traceId() {
        return this.#fields.trace_id;
    }

    get provider() {
        return this.#fields.provider;
    }
}

class Reply extends Head {
    #raw;
    #parsed;

    constructor({ head, body }) {
        super(head);
        this.#raw = body;
    }

    get bytes() {
        return Buffer.from(this.#raw);
    }

    get body() {
        this.#parsed ??= { value: parse(this.#raw, this.provider) };
        return this.#parsed.value;
    }

    get text() {
        const content = this.body?.choices?.[0]?.message?.content;
        return typeof content === 'string' ? content : null;
    }
}

/** JSON of a provider's. */
function parse(text, provider) {
    try {
        return JSON.parse(text);
    } catch (cause) {
        const message = "the provider's answer is not the JSON it should be";
        throw Object.assign(newError('upstream_invalid_response', message, { cause }), { provider });
    }
}

module.exports = { Head, Reply, parse };
