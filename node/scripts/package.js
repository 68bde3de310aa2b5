'use strict';
// Packs what is published: the package of a platform, with the addon, and the main package, which depends on those of all
// platforms whose addons were packed into the same folder.
//
//     node scripts/package.js ADDON FOLDER [TARGET]
//
// A release packs the addon of each target; the main package of the last of them is the one that knows all.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { NapiCli, parseTriple } = require('@napi-rs/cli');

const ROOT = path.join(__dirname, '..');
const MAIN = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
/** Beside each package: the project's licences, and what the addon is made of and whose, which `make notices` writes. */
const LEGAL = ['LICENSE-APACHE', 'LICENSE-MIT', 'target/THIRD-PARTY-NOTICES.md'].map((file) => path.join(ROOT, '..', file));

async function pack(addon, folder, target = host()) {
    const main = path.join(folder, MAIN.name);
    const addons = path.join(folder, 'addons');
    collect(addon, path.join(addons, nameOf(target)));
    const targets = MAIN.napi.targets.filter((known) => fs.existsSync(path.join(addons, nameOf(known))));
    layOut(main, targets);
    fs.cpSync(addons, path.join(main, 'addons'), { recursive: true });

    // It describes the package of each target, puts the addon into it and has the main package depend on it.
    const [napi, where] = [new NapiCli(), { cwd: main, npmDir: 'npm' }];
    await napi.createNpmDirs(where);
    await napi.artifacts({ ...where, outputDir: 'addons' });
    await napi.prePublish({ ...where, ghRelease: false, skipOptionalPublish: true });

    const platform = path.join(main, 'npm', parseTriple(target).platformArchABI);
    return [finished(platform), finished(main)].map((made) => {
        const [{ filename }] = JSON.parse(npm(['pack', '--json', '--pack-destination', path.resolve(folder)], made));
        return path.join(folder, filename);
    });
}

/** What this machine's compiler compiles for. */
function host() {
    return /^host: (.*)$/m.exec(execFileSync('rustc', ['-vV'], { encoding: 'utf8' }))[1];
}

/** What the addon of a target is called. */
function nameOf(target) {
    return `${MAIN.napi.binaryName}.${parseTriple(target).platformArchABI}.node`;
}

function collect(addon, to) {
    fs.mkdirSync(path.dirname(to), { recursive: true });
    fs.copyFileSync(addon, to);
    if (process.platform === 'linux') {
        execFileSync('strip', ['--strip-unneeded', to]);
    }
}

/** The main package as it is in the repository, without what only its development needs. */
function layOut(main, targets) {
    fs.rmSync(main, { recursive: true, force: true });
    for (const file of ['README.md', 'data.d.ts', 'lib', 'types.d.mts', 'types.d.ts']) {
        const wanted = (source) => !source.endsWith('.node');
        fs.cpSync(path.join(ROOT, file), path.join(main, file), { recursive: true, filter: wanted });
    }
    const { private: _, devDependencies: __, overrides: ___, ...published } = MAIN;
    describe(main, { ...published, napi: { ...MAIN.napi, targets } });
}

/** A package once it is described: with what the law asks for, and without what only packing asks for. */
function finished(folder) {
    const { napi: _, ...description } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const legal = LEGAL.filter((file) => fs.existsSync(file));
    legal.forEach((file) => fs.copyFileSync(file, path.join(folder, path.basename(file))));
    describe(folder, { ...description, files: [...description.files, ...legal.map((file) => path.basename(file))] });
    return folder;
}

function describe(folder, description) {
    fs.writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(description, null, 2)}\n`);
}

function npm(args, cwd) {
    return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

if (require.main === module) {
    pack(...process.argv.slice(2)).then((packed) => console.log(packed.join('\n')));
}

module.exports = { pack };
