// `npm run fuzz`: the property tests with a random seed and many more examples than `npm test` tries.
// `npm run fuzz -- <seed>`: the same examples again.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import path from 'node:path';

const TIMES = 5;

const root = path.resolve(import.meta.dirname, '..');
const [, , given] = process.argv;
if (given !== undefined && !/^\d+$/.test(given)) throw new Error(`a seed is a whole number, not ${given}`);
const seed = given ?? String(randomInt(2 ** 31));
const say = (text) => process.stdout.write(`${text}\n`);

say(`Property tests with the seed ${seed}, ${TIMES} times as many examples as in npm test.`);
const child = spawn(
  process.execPath,
  [path.join(root, 'scripts/test.js'), '--findRelatedTests', path.join(root, '__tests__/fixtures/fast-check.ts')],
  { stdio: 'inherit', env: { ...process.env, FUZZ_SEED: seed, FUZZ_TIMES: String(TIMES) } },
);
child.on('close', (exitCode) => {
  if (exitCode !== 0) say(`The property tests failed with the seed ${seed}. To repeat it: npm run fuzz -- ${seed}`);
  process.exitCode = exitCode ?? 1;
});
