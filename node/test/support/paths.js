'use strict';
// Where things are that belong to no one language.

const path = require('node:path');

const ROOT = path.resolve(__dirname, '../../..');
const TARGET = path.resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target');
const FIXTURES = path.join(ROOT, 'tests/fixtures');

module.exports = { FIXTURES, ROOT, TARGET };
