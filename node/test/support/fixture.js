'use strict';
// The format of a conformance fixture, as `tests/fixtures/README.md` describes it. Reads files; runs nothing.

const fs = require('node:fs');
const path = require('node:path');

const { FIXTURES } = require('./paths.js');

/** The fields that may be there, by place. */
const FIELDS = {
    '': ['name', 'description', 'tenant', 'providers', 'call', 'upstream', 'expect'],
    call: ['operation', 'body', 'body_text', 'options'],
    expect: ['upstream_requests', 'reply', 'error', 'trace'],
    'expect.reply': ['status', 'headers', 'no_headers', 'body', 'body_text', 'body_starts_with', 'events'],
    'expect.upstream_requests': ['method', 'path', 'headers', 'no_headers', 'header_names', 'body', 'body_text'],
};

/** Every file of the directory but its README. */
function fixtures() {
    const files = fs.readdirSync(FIXTURES).filter((file) => file !== 'README.md');
    return files.map((file) => ({ file, text: fs.readFileSync(path.join(FIXTURES, file), 'utf8') }));
}

/** Fills the placeholders in and reads a fixture. */
function parse({ file, text }, upstreamUrl) {
    const filled = text
        .replaceAll('{upstream}', upstreamUrl)
        .replace(/\{A\*(\d+)\}/g, (_, count) => 'A'.repeat(Number(count)));
    const fixture = JSON.parse(filled);
    if (`${fixture.name}.json` !== file) {
        throw new Error(`the name of ${file} is ${fixture.name}`);
    }
    refuseUnknown(fixture);
    return fixture;
}

function refuseUnknown(fixture) {
    for (const [place, known] of Object.entries(FIELDS)) {
        const found = place === '' ? fixture : place.split('.').reduce((value, key) => value?.[key], fixture);
        const unknown = [found ?? {}].flat().flatMap((value) => Object.keys(value)).find((key) => !known.includes(key));
        if (unknown !== undefined) {
            throw new Error(`${fixture.name} has an unknown field ${place}.${unknown}`);
        }
    }
}

/** Exact text: a string, or a list of strings that are joined. */
function exact(text) {
    return Array.isArray(text) ? text.join('') : text;
}

module.exports = { exact, fixtures, parse };
