'use strict';
// Packs what is published: the package of this platform, with the addon, and the main package, which depends on those of all
// platforms that were packed into the same folder.
//
//     node scripts/package.js ADDON FOLDER [PLATFORM]
//
// A release packs each platform first, and the main package with the last of them.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const MAIN = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
const LICENSES = ['LICENSE-APACHE', 'LICENSE-MIT'];
/** What the addon is made of, and whose; `make notices` writes it. */
const NOTICES = path.join(ROOT, '../target/THIRD-PARTY-NOTICES.md');

/** What npm calls the platforms, by the end of the package's name. */
const PLATFORMS = {
    'linux-x64-gnu': { os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
    'linux-arm64-gnu': { os: ['linux'], cpu: ['arm64'], libc: ['glibc'] },
    'linux-x64-musl': { os: ['linux'], cpu: ['x64'], libc: ['musl'] },
    'linux-arm64-musl': { os: ['linux'], cpu: ['arm64'], libc: ['musl'] },
    'darwin-x64': { os: ['darwin'], cpu: ['x64'] },
    'darwin-arm64': { os: ['darwin'], cpu: ['arm64'] },
};

function pack(addon, folder, platform = thisPlatform()) {
    const packages = [packPlatform(addon, folder, platform), packMain(folder)];
    return packages.map((made) => {
        const [{ filename }] = JSON.parse(npm(['pack', '--json', '--pack-destination', path.resolve(folder)], made));
        return path.join(folder, filename);
    });
}

function thisPlatform() {
    const { arch, platform } = process;
    return platform === 'linux' ? `linux-${arch}-gnu` : `${platform}-${arch}`;
}

function packPlatform(addon, folder, platform) {
    const fits = PLATFORMS[platform];
    if (fits === undefined) {
        throw new Error(`${platform} is no platform; they are ${Object.keys(PLATFORMS).join(', ')}`);
    }
    const name = `${MAIN.name}-${platform}`;
    const made = emptied(path.join(folder, name));
    fs.copyFileSync(addon, path.join(made, 'libgateway.node'));
    if (platform.startsWith('linux')) {
        execFileSync('strip', ['--strip-unneeded', path.join(made, 'libgateway.node')]);
    }
    fs.writeFileSync(path.join(made, 'README.md'), `The addon of ${MAIN.name} for ${platform}. Install ${MAIN.name} instead.\n`);
    const { version, license, author, repository, engines } = MAIN;
    const description = `The addon of ${MAIN.name} for ${platform}`;
    const main = 'libgateway.node';
    const files = [main];
    if (fs.existsSync(NOTICES)) {
        files.push(path.basename(NOTICES));
        fs.copyFileSync(NOTICES, path.join(made, path.basename(NOTICES)));
    }
    describe(made, { name, version, description, license, author, repository, main, files, engines, ...fits });
    return made;
}

function packMain(folder) {
    const made = emptied(path.join(folder, MAIN.name));
    const { private: _, devDependencies: __, overrides: ___, ...published } = MAIN;
    for (const file of ['README.md', 'data.d.ts', 'lib', 'types.d.mts', 'types.d.ts']) {
        const unwanted = (source) => !source.endsWith('.node');
        fs.cpSync(path.join(ROOT, file), path.join(made, file), { recursive: true, filter: unwanted });
    }
    const packed = fs.readdirSync(folder).filter((name) => name.startsWith(`${MAIN.name}-`) && !name.endsWith('.tgz'));
    const optionalDependencies = Object.fromEntries(packed.sort().map((name) => [name, MAIN.version]));
    describe(made, { ...published, optionalDependencies });
    return made;
}

function describe(folder, description) {
    fs.writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(description, null, 2)}\n`);
    for (const license of LICENSES) {
        fs.copyFileSync(path.join(ROOT, '..', license), path.join(folder, license));
    }
}

function emptied(folder) {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    return folder;
}

function npm(args, cwd) {
    return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

if (require.main === module) {
    console.log(pack(...process.argv.slice(2)).join('\n'));
}

module.exports = { pack };
