// One implementation for both module systems, so that an error is a `GatewayError` whichever way it was imported.
import library from './index.js';

export const { ALL_TENANTS, Gateway, GatewayError, Provider, Reply, ReplyStream, Server, setLog, version } = library;
