'use strict';
// What the library has to say, for hosts that ask for it.

const native = require('./native.js');
const { errorOf } = require('./error.js');

const LEVELS = ['error', 'warn', 'info', 'debug'];

function setLog(listener, { level = 'warn' } = {}) {
    if (!LEVELS.includes(level)) {
        throw new TypeError(`level is ${level}; it must be one of ${LEVELS.join(', ')}`);
    }
    const told = listener && ((level, module, message) => listener({ level, module, message }));
    const failed = native.setLog(level, told);
    if (failed !== null) {
        throw errorOf(failed);
    }
}

module.exports = { setLog };
