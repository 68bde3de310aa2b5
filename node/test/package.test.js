'use strict';
// What is published works in a folder of its own: the examples of the READMEs are run there, by what was packed.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { pack } = require('../scripts/package.js');
const { ROOT } = require('./support/paths.js');
const { directory } = require('./support/stores.js');

const run = promisify(execFile);
const HERE = path.join(ROOT, 'node');
/** What the examples use beside the package. */
const BESIDE = ['openai', 'ai', '@ai-sdk', '@opentelemetry', '@vercel', '@standard-schema', 'eventsource-parser', 'zod'];

/** The programs of a README: all blocks of one language, one after the other. */
function program(readme, language) {
    const text = fs.readFileSync(readme, 'utf8');
    return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, tag]) => tag === language).map(([, , code]) => code).join('\n');
}

describe('the packed package', { timeout: 300_000 }, () => {
    const folder = directory();
    let packed;
    before(async () => {
        packed = await pack(path.join(HERE, 'lib/libgateway.node'), path.join(folder, 'packed'));
        fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }');
        await run('npm', ['install', '--offline', '--no-save', '--no-audit', '--no-fund', ...packed], { cwd: folder });
        for (const name of BESIDE) {
            const [from, to] = [HERE, folder].map((root) => path.join(root, 'node_modules', name));
            if (fs.existsSync(from)) {
                fs.symlinkSync(from, to);
            }
        }
    });

    async function printed(file, text) {
        fs.writeFileSync(path.join(folder, file), text);
        const { stdout } = await run(process.execPath, ['--preserve-symlinks', file], { cwd: folder });
        return stdout;
    }

    it('runs the examples of its README', async () => {
        const said = await printed('readme.mjs', program(path.join(HERE, 'README.md'), 'js'));
        assert.equal(said.match(/Good morning\./g).length, 5, said);
        assert.match(said, /requests, \S+ dollars\n/);
        assert.match(said, /true tenant_not_found tenant nobody does not exist/);
    });

    it("runs the example of the project's README", async () => {
        const said = await printed('project.mjs', program(path.join(ROOT, 'README.md'), 'js'));
        assert.match(said, /Hello from the mock provider\./);
    });

    it('is loaded by require too, from its platform package', async () => {
        const said = await printed('common.cjs', `
            const { Gateway, version } = require('libgateway');
            const loaded = Object.keys(require.cache).find((file) => file.endsWith('.node'));
            Gateway.open({ store: 'sqlite::memory:' }).then((gw) => gw.health()).then(({ status }) => {
                console.log(version, status, /libgateway-\\w+-\\w+/.test(loaded));
            });`);
        assert.equal(said, `${require('../package.json').version} ok true\n`);
    });

    it('has types for both kinds of modules', async () => {
        const installed = path.join(folder, 'node_modules/libgateway');
        const { exports } = JSON.parse(fs.readFileSync(path.join(installed, 'package.json'), 'utf8'));
        const files = Object.values(exports['.']).flatMap(Object.values);
        assert.deepEqual(files.filter((file) => !fs.existsSync(path.join(installed, file))), []);
        assert.ok(fs.existsSync(path.join(installed, 'data.d.ts')));
    });

    it('has nothing that is run when it is installed, and no addon of its own', () => {
        for (const name of fs.readdirSync(path.join(folder, 'node_modules')).filter((name) => name.startsWith('libgateway'))) {
            const { scripts, dependencies, devDependencies } = require(path.join(folder, 'node_modules', name, 'package.json'));
            assert.deepEqual([scripts, dependencies, devDependencies], [undefined, undefined, undefined], name);
        }
        assert.deepEqual(fs.readdirSync(path.join(folder, 'node_modules/libgateway/lib')).filter((name) => name.endsWith('.node')), []);
    });
});

it('what is missing is named when there is no addon', async () => {
    const folder = directory();
    fs.mkdirSync(path.join(folder, 'node_modules'));
    const unwanted = (source) => !/\.node$|node_modules$|test$/.test(source);
    fs.cpSync(HERE, path.join(folder, 'node_modules/libgateway'), { recursive: true, filter: unwanted });
    const failed = await run(process.execPath, ['-e', "require('libgateway')"], { cwd: folder }).catch((error) => error);
    assert.match(failed.stderr, /libgateway has no addon for \w+-\w+: install libgateway-\w+-\w+/);
});
