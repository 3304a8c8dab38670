// Builds dist/.
import { rm, writeFile } from 'node:fs/promises';
import { bundle } from './bundle/bundle.ts';

const dist = new URL('../dist/', import.meta.url);
// What action.yml names. Two files, so that a kill before anything is saved can never make post deploy.
const entries = {
  'main.js': "import { run } from './index.js';\nawait run();\n",
  'post.js': "import { finish } from './index.js';\nawait finish();\n",
};

await bundle({
  project: 'tsconfig.build.json',
  build: 'build',
  entry: 'index.js',
  out: 'dist',
  licenses: 'licenses.txt',
});
// The browser opener of an interactive login, which a library carries and nothing here can reach.
await rm(new URL('xdg-open', dist), { force: true });
for (const [name, text] of Object.entries(entries)) await writeFile(new URL(name, dist), text);
