'use strict';
// What the package offers; `index.mjs` is the same for `import`.

const { version } = require('./native.js');
const { GatewayError } = require('./error.js');
const { Gateway, Provider } = require('./gateway.js');
const { setLog } = require('./log.js');
const { ALL_TENANTS } = require('./operations.js');
const { Reply } = require('./reply.js');
const { Server } = require('./server.js');
const { ReplyStream } = require('./stream.js');

module.exports = { ALL_TENANTS, Gateway, GatewayError, Provider, Reply, ReplyStream, Server, setLog, version: version() };
