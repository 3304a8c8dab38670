// Builds dist/: tsc erases the types, ncc bundles one chunk for each dynamic import, swc minifies every chunk.
// ncc can't read TypeScript 7 itself, and its --minify leaves the chunks as they are.
import { execFileSync } from 'node:child_process';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { minify } from '@swc/core';

const root = new URL('../', import.meta.url);
const dist = new URL('dist/', root);
// What action.yml names. Two files, so that a kill before anything is saved can never make post deploy.
const entries = {
  'main.js': "import { run } from './index.js';\nawait run();\n",
  'post.js': "import { finish } from './index.js';\nawait finish();\n",
};

await rm(new URL('build/', root), { recursive: true, force: true });
await rm(dist, { recursive: true, force: true });
run('tsc', ['-p', 'tsconfig.build.json']);
await dropOidc();
run('ncc', ['build', 'build/index.js', '--out', 'dist', '--license', 'licenses.txt', '--no-cache', '--quiet']);
// Files that gRPC would read for services of its own (channelz, xDS), which nothing here starts.
for (const entry of await readdir(dist, { withFileTypes: true })) {
  if (entry.isDirectory()) await rm(new URL(`${entry.name}/`, dist), { recursive: true });
}
for (const name of (await readdir(dist)).filter((file) => file.endsWith('.js')).sort()) {
  const file = new URL(name, dist);
  const { code } = await minify(withDirname(await readFile(file, 'utf8')), {
    module: true,
    ecma: 2022,
    compress: true,
    mangle: { keepClassNames: true },
    format: { comments: false },
  });
  await writeFile(file, code);
}
// The browser opener of an interactive login, which a library carries and nothing here can reach.
await rm(new URL('xdg-open', dist), { force: true });
for (const [name, text] of Object.entries(entries)) await writeFile(new URL(name, dist), text);

// @actions/core brings a whole HTTP client for its OIDC token, which nobody here asks it for: a third of all the bytes that
// are parsed before the first call. The bundler may leave it out if the package says that importing it does nothing.
async function dropOidc() {
  const copy = new URL('build/node_modules/@actions/core/', root);
  await cp(new URL('node_modules/@actions/core/', root), copy, { recursive: true });
  const file = new URL('package.json', copy);
  const description = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...description, sideEffects: false }));
}

/** ncc leaves CommonJS's `__dirname` as it is, and a module has none. */
function withDirname(code) {
  return /\b__dirname\b/.test(code) ? `const __dirname = import.meta.dirname;\n${code}` : code;
}

function run(command, args) {
  // npm run puts node_modules/.bin on the PATH.
  execFileSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
}
