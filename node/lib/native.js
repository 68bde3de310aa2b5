'use strict';
// Loads the compiled half of the package: the one beside this file where there is one, as in a checkout, else that of the
// package for this platform. Nothing else happens when the package is imported: no thread, no file, no environment is read.

const { name, version } = require('../package.json');

/** The platform packages that may fit, likeliest first. */
function candidates() {
    const { platform, arch } = process;
    if (platform === 'linux') {
        return [`${name}-linux-${arch}-gnu`, `${name}-linux-${arch}-musl`];
    }
    return [`${name}-${platform}-${arch}`];
}

function load() {
    const reasons = [];
    for (const candidate of ['./libgateway.node', ...candidates()]) {
        try {
            return require(candidate);
        } catch (error) {
            reasons.push(error);
        }
    }
    const names = candidates().join(' or ');
    const loaded = reasons.find((error) => error.code !== 'MODULE_NOT_FOUND');
    const hint = loaded === undefined ? `install ${names}, or do not leave out optional dependencies` : loaded.message;
    throw new Error(`${name} has no addon for ${process.platform}-${process.arch}: ${hint}`, { cause: loaded });
}

const native = load();
if (native.version() !== version) {
    throw new Error(`${name} ${version} was installed with an addon of version ${native.version()}; install both anew`);
}

module.exports = native;
