// Builds the page into dist/: bundled, minified and compressed, with the licences of what is in it. With `--test` it
// bundles the unit tests instead. Asks nothing of the network.
import { build } from 'esbuild';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const shared = {
  absWorkingDir: here,
  bundle: true,
  format: 'esm',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
};

if (process.argv.includes('--test')) await buildTests();
else await buildPage();

async function buildPage() {
  const out = join(here, 'dist');
  await rm(out, { recursive: true, force: true });
  await mkdir(out);
  const { metafile, outputFiles } = await build({
    ...shared,
    entryPoints: { app: 'src/main.tsx' },
    outdir: 'dist',
    target: ['chrome111', 'firefox113', 'safari16.4'],
    minify: true,
    metafile: true,
    write: false,
  });
  const licenses = await licensesOf(metafile);
  const files = [
    ...outputFiles.map((file) => [file.path.slice(out.length + 1), Buffer.from(file.contents)]),
    ['index.html', await readFile(join(here, 'src/index.html'))],
    ['icon.svg', await readFile(join(here, 'src/icon.svg'))],
    ['licenses.txt', Buffer.from(licenses.map(asText).join('\n'))],
  ];
  let total = 0;
  for (const [name, content] of files) {
    const packed = gzipSync(content, { level: constants.Z_BEST_COMPRESSION });
    total += packed.length;
    await writeFile(join(out, `${name}.gz`), packed);
  }
  // For the notices of the packages that link the page.
  await writeFile(join(out, 'licenses.json'), `${JSON.stringify(licenses, null, 2)}\n`);
  console.log(`core/dashboard/dist: ${Math.ceil(total / 1024)} KB compressed`);
}

/** The packages of which there is code in the bundle, with their licence texts. */
async function licensesOf(metafile) {
  const names = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) names.add(found[1]);
  }
  return Promise.all([...names].sort().map(async (name) => {
    const folder = join(here, 'node_modules', name);
    const { version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} has no licence text`);
    return { name, version, license, text: (await readFile(join(folder, file), 'utf8')).trim() };
  }));
}

function asText({ name, version, license, text }) {
  return `${name} ${version} (${license})\n\n${text}\n`;
}

async function buildTests() {
  const out = join(here, 'built-tests');
  await rm(out, { recursive: true, force: true });
  const tests = (await readdir(join(here, 'test'))).filter((name) => name.endsWith('.test.ts'));
  await build({
    ...shared,
    entryPoints: tests.map((name) => `test/${name}`),
    outdir: 'built-tests',
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    target: 'node20',
  });
}
