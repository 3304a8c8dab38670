// Builds dist/: tsc erases the types, ncc bundles one chunk for each dynamic import, swc minifies every chunk.
// ncc can't read TypeScript 7 itself, and its --minify leaves the chunks as they are.
import { execFileSync } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
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
run('ncc', ['build', 'build/index.js', '--out', 'dist', '--license', 'licenses.txt', '--no-cache', '--quiet']);
for (const name of (await readdir(dist)).filter((file) => file.endsWith('.js')).sort()) {
  const file = new URL(name, dist);
  const { code } = await minify(await readFile(file, 'utf8'), {
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

function run(command, args) {
  // npm run puts node_modules/.bin on the PATH.
  execFileSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
}
