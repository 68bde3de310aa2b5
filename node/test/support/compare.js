'use strict';
// Finds where a JSON value is not what was expected, and says so by path. `tests/fixtures/README.md` has the rules.

const AT_LEAST = /^\{at_least:(.+)\}$/;

/** Where `actual` lacks something that `expected` has. */
function subset(path, expected, actual) {
    return walk(path, expected, actual, false);
}

/** Where the two differ in anything but the order of fields. */
function equal(path, expected, actual) {
    return walk(path, expected, actual, true);
}

function walk(path, expected, actual, exactly) {
    if (isObject(expected) && isObject(actual)) {
        const found = Object.keys(expected).flatMap((key) =>
            key in actual
                ? walk(`${path}.${key}`, expected[key], actual[key], exactly)
                : [`${path}.${key}: there is no such field; expected ${show(expected[key])}`],
        );
        const complete = exactly || Object.keys(expected).length === 0;
        const unexpected = complete ? Object.keys(actual).filter((key) => !(key in expected)) : [];
        return found.concat(unexpected.map((key) => `${path}.${key}: not expected, got ${show(actual[key])}`));
    }
    if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
        return expected.flatMap((item, at) => walk(`${path}[${at}]`, item, actual[at], exactly));
    }
    if (expected === '{any}' && actual !== null && actual !== undefined) {
        return [];
    }
    const least = typeof expected === 'string' && typeof actual === 'number' && AT_LEAST.exec(expected);
    if (expected === actual || (least && actual >= Number(least[1]))) {
        return [];
    }
    return [`${path}: expected ${show(expected)}, got ${show(actual)}`];
}

/** Where two texts differ first. */
function text(path, expected, actual) {
    const [left, right] = [Buffer.from(expected), Buffer.from(actual)];
    if (left.equals(right)) {
        return [];
    }
    const at = left.findIndex((byte, at) => byte !== right[at]);
    const from = Math.max(0, (at < 0 ? left.length : at) - 40);
    const around = (bytes) => show(bytes.subarray(from, from + 120).toString());
    return [`${path}: differs near byte ${from}; expected ${around(left)}, got ${around(right)}`];
}

function isObject(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value) {
    return String(JSON.stringify(value)).slice(0, 300);
}

module.exports = { equal, subset, text };
