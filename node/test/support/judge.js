'use strict';
// Compares what came of a fixture with what it expects. Each difference is named by the field's path.

const { equal, subset, text } = require('./compare.js');
const { exact } = require('./fixture.js');

/** What the upstream was asked. */
function requests(expected, actual) {
    const found = [];
    if (expected.length !== actual.length) {
        const paths = actual.map(({ path }) => path).join(' ');
        found.push(`upstream_requests: expected ${expected.length}, got ${actual.length}: ${paths}`);
    }
    expected.slice(0, actual.length).forEach((request, at) => {
        found.push(...oneRequest(`upstream_requests[${at}]`, request, actual[at]));
    });
    return found;
}

function oneRequest(path, expected, actual) {
    const named = actual.headers.map(([name, value]) => [name.toLowerCase(), value]);
    const bytes = typeof actual.body === 'string' ? Buffer.from(actual.body) : Buffer.from(actual.body.base64, 'base64');
    const { method = actual.method, path: asked = actual.path } = expected;
    return [
        ...subset(path, { method, path: asked }, actual),
        ...headers(path, expected, Object.fromEntries(named)),
        ...(expected.header_names
            ? equal(`${path}.header_names`, expected.header_names, named.map(([name]) => name).sort())
            : []),
        ...content(path, expected, bytes),
    ];
}

/** What the caller got. */
function outcome({ reply, error }, actual) {
    const found = [];
    if (reply && actual.head) {
        const { status = actual.head.status } = reply;
        found.push(...equal('reply.status', status, actual.head.status));
        found.push(...headers('reply', reply, Object.fromEntries(actual.head.headers)));
        found.push(...(actual.events ? events(reply.events, actual.events) : content('reply', reply, actual.bytes)));
    } else if (Boolean(reply) !== Boolean(actual.head)) {
        found.push(`reply: expected ${reply ? 'one' : 'none'}, got ${actual.head ? 'one' : 'none'}`);
    }
    if (error && actual.error) {
        found.push(...failure(error, actual.error));
    } else if (Boolean(error) !== Boolean(actual.error)) {
        found.push(`error: expected ${error ? error.code : 'none'}, got ${actual.error ?? 'none'}`);
    }
    return found;
}

/** A text is compared as it is, anything else with the event read as JSON. */
function events(expected, actual) {
    const read = actual.map((event, at) => (typeof expected[at] === 'string' ? event : JSON.parse(event)));
    return equal('reply.events', expected, read);
}

function failure({ message_contains: part, message_lacks: lacking, ...expected }, error) {
    const actual = {
        code: error.code,
        number: error.number,
        status: error.status,
        param: error.param,
        retry_after_ms: error.retryAfterMs,
        retries_spent: error.retriesSpent,
        provider: error.provider,
        request_id: error.requestId,
        body_text: error.body,
        message: error.message,
    };
    const found = subset('error', expected, actual);
    if (part !== undefined && !error.message.includes(part)) {
        found.push(`error.message_contains: ${part}, got ${error.message}`);
    }
    if (lacking !== undefined && error.message.includes(lacking)) {
        found.push(`error.message_lacks: ${lacking}, got ${error.message}`);
    }
    return found;
}

/** The tenant's one trace, which says the same in the list. */
function trace(expected, { page, detail }, id) {
    if (page.traces.length !== 1) {
        return [`trace: expected exactly one, got ${page.traces.length}`];
    }
    const [row] = page.traces;
    const content = ['request', 'response', 'attempts'].filter((key) => key in row);
    return [
        ...equal('trace.id', id ?? row.id, row.id),
        ...content.map((key) => `list_traces has ${key}`),
        ...subset('get_trace and list_traces differ', row, detail),
        ...subset('trace', expected, detail),
    ];
}

function content(path, expected, bytes) {
    const found = [];
    if (expected.body !== undefined) {
        found.push(...equal(`${path}.body`, expected.body, JSON.parse(bytes.toString())));
    }
    if (expected.body_text !== undefined) {
        found.push(...text(`${path}.body_text`, exact(expected.body_text), bytes));
    }
    if (expected.body_starts_with !== undefined) {
        const start = Buffer.from(exact(expected.body_starts_with));
        found.push(...text(`${path}.body_starts_with`, start, bytes.subarray(0, start.length)));
    }
    return found;
}

function headers(path, expected, actual) {
    const absent = (expected.no_headers ?? []).filter((name) => name in actual);
    return [
        ...subset(`${path}.headers`, expected.headers ?? actual, actual),
        ...absent.map((name) => `${path}.headers.${name}: not expected`),
    ];
}

module.exports = { outcome, requests, trace };
