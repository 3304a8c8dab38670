import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
// @ts-expect-error a build script in plain JavaScript
import { withFreshBehaviours } from '../scripts/hostile-table.js';
// @ts-expect-error a build script in plain JavaScript
import { testNames } from '../scripts/test-names.js';
// @ts-expect-error a build script in plain JavaScript
import { namedTests, withFreshCases, withFreshSeenRed, withFreshThreats } from '../scripts/threat-table.js';
import { hostileRegistry } from '../simulators/hostile/registry-program.ts';
import { hostileService } from '../simulators/hostile/service-program.ts';
import { debugSwitches } from '../src/clouds/index.ts';
import { removeDebugSwitches } from '../src/io/debug-switches.ts';

const root = path.resolve(import.meta.dirname, '..');
/** No settings of the user, and not the repository that git itself may have started this from. */
const GIT_ENV = { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const threats = read('docs/security-threats.yml');

describe('the table of hostile servers in docs/security.md', () => {
  test('is the one that `npm run readme` writes', () => {
    const page = read('docs/security.md');
    expect(withFreshBehaviours(page)).toBe(page);
  });

  test.each([
    ['registry', hostileRegistry],
    ['service', hostileService],
  ])('has at least 60 behaviours of a %s, each with a name of its own', (_, all) => {
    expect(all.length).toBeGreaterThanOrEqual(60);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });
});

describe('the table of threats in docs/security.md', () => {
  test('is the one that `npm run readme` writes', () => {
    const page = read('docs/security.md');
    expect(withFreshThreats(page, threats)).toBe(page);
    expect(page.match(/^\| \d+ \|/gm)).toHaveLength(23);
  });

  test('names tests that are there and run', () => {
    expect(missingTests(threats)).toEqual([]);
  });

  test('is counted in docs/conformance.md, by which of its tests were seen red', () => {
    const page = read('docs/conformance.md');
    expect(withFreshSeenRed(page, threats, JSON.parse(read('scripts/mutation/seen-red.json')))).toBe(page);
  });

  test('would name one that is not there', () => {
    const renamed = threats.replace(
      'a script cannot issue a workflow command',
      'a script can issue a workflow command',
    );
    expect(missingTests(renamed)).toEqual([
      'unit/engine/smoke-tests/commands.test.ts: a script can issue a workflow command',
    ]);
  });
});

describe('the table of what is accepted as signed in docs/verify.md', () => {
  const cases = read('docs/verify-cases.yml');
  const peers = JSON.parse(read('conformance/verify/peers.json'));

  test('is the one that `npm run readme` writes', () => {
    const page = read('docs/verify.md');
    expect(withFreshCases(page, cases, peers)).toBe(page);
  });

  test('names tests that are there and run', () => {
    expect(missingTests(cases)).toEqual([]);
    expect(namedTests(cases).length).toBeGreaterThan(30);
  });

  test('says what gh and cosign answered in every case that they can be asked', () => {
    const rows = read('docs/verify.md')
      .match(/(?<=<!-- cases -->\n)[\s\S]*?(?=\n<!--)/)![0]
      .split('\n')
      .slice(2);
    expect(rows.filter((row) => !/\| \d+ the same \(/.test(row))).toEqual([]);
    expect(missingIn(peers.answers)).toEqual([]);
  });

  test('would miss a test that gh and cosign were not asked', () => {
    const [name] = missingIn([]);
    expect(name).toBeDefined();
    expect(missingIn(peers.answers.filter(({ test }: { test: string }) => test !== name))).toEqual([name]);
  });

  /** The record is of these tests: each that has no table of rows is in it, unless it asks for no verdict. */
  function missingIn(answers: readonly { readonly test: string }[]): readonly string[] {
    const files = new Set(namedTests(cases).map(({ file }: { file: string }) => file));
    const tests = new Set([...files].flatMap((file) => testNames(read(`__tests__/${file}`))));
    const recorded = new Set(answers.map(({ test }) => test));
    return [...tests].filter((name) => !/[%$]/.test(name) && !recorded.has(name));
  }
});

test('no library has a debug switch that is not removed', () => {
  const bundle = readdirSync(path.join(root, 'dist')).filter((name) => name.endsWith('.js'));
  const named = bundle.flatMap((name) => [
    ...read(`dist/${name}`).matchAll(/\benv\.([A-Z]\w+)|["']([A-Z][A-Z0-9_]+)["']/g),
  ]);
  const names = new Set(named.map(([, member, text]) => member ?? text ?? ''));
  const switches = [...names].filter((name) => /(?:^|_)(?:DEBUG|LOG|LOGGING|TRACE|VERBOSE)(?:_|$)/.test(name));
  const removed = removeDebugSwitches(Object.fromEntries(switches.map((name) => [name, '1'])), debugSwitches);
  // The runner's own, which makes our debug lines visible, and a tag of the AWS SDK, a method of HTTP.
  const others = ['RUNNER_DEBUG', 'TRACE_CONTEXT_PROPAGATION', 'TRACE'];
  expect(switches.filter((name) => !removed.includes(name) && !others.includes(name))).toEqual([]);
  expect(removed.length).toBeGreaterThan(7);
});

test('the names of tests are those of jest: groups, tables, and none that is left out', () => {
  const source = `
    describe('a', () => {
      it('b', () => {});
      describe.each([1])('c %i', () => { test.each([[1]])('d %i', (n: number) => {}); });
      test.skip('e', () => {});
    });
    describe.skip('f', () => { test('g', () => {}); });
    test('h', () => { /test/.test('i'); });
    test.todo('j');`;
  expect(testNames(source)).toEqual(['a b', 'a c %i d %i', 'h']);
});

test('each dependency has one exact version, and each package of the lock file a checksum', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'));
  const versions = Object.entries<string>({ ...dependencies, ...devDependencies });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([]);
  const { '': own, ...packages } = JSON.parse(read('package-lock.json')).packages;
  expect(own.dependencies).toEqual(dependencies);
  const unchecked = Object.entries<{ integrity?: string; inBundle?: boolean }>(packages).filter(
    ([, { integrity, inBundle }]) => !inBundle && !integrity?.startsWith('sha512-'),
  );
  expect(unchecked.map(([name]) => name)).toEqual([]);
});

describe('a dist/ that src/ does not build', () => {
  let folder = '';
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', env: GIT_ENV });
  const check = () => spawnSync(path.join(root, 'scripts/check-dist'), { cwd: folder, encoding: 'utf8', env: GIT_ENV });

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'check-dist-'));
    mkdirSync(path.join(folder, 'dist'));
    for (const name of ['dist/main.js', 'dist/1.index.js', 'notes']) writeFileSync(path.join(folder, name), name);
    git('init', '--quiet');
    git('add', '.');
    git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '--message', 'x');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test.each<[string, () => void, RegExp]>([
    ['has another file', () => writeFileSync(path.join(folder, 'dist/main.js'), 'x'), / M dist\/main\.js/],
    ['lacks a file', () => rmSync(path.join(folder, 'dist/1.index.js')), / D dist\/1\.index\.js/],
    ['has one file more', () => writeFileSync(path.join(folder, 'dist/2.index.js'), 'x'), /\?\? dist\/2\.index\.js/],
  ])('fails CI where it %s', (_, change, says) => {
    writeFileSync(path.join(folder, 'notes'), 'changed too');
    expect(check()).toMatchObject({ status: 0 });
    change();
    expect(check()).toMatchObject({ status: 1, stderr: expect.stringMatching(says) });
    expect(read('.ci/run')).toMatch(/^step npm run build\nstep scripts\/check-dist$/m);
  });
});

describe('the source', () => {
  test('sets no variable and no path of later steps', () => {
    expect(codeWith(/\b(?:exportVariable|addPath|GITHUB_ENV|GITHUB_PATH)\b/)).toEqual([]);
  });

  test('unpacks no archive', () => {
    expect(
      codeWith(/from '[^'.]*(?:tar|zip|archive|decompress)\b|from '@actions\/tool-cache'|['"`](?:tar|unzip)\b/),
    ).toEqual([]);
  });

  test('writes files in few places', () => {
    const places = codeWith(
      /\b(?:writeFile|appendFile|createWriteStream|mkdtemp|mkdir|copyFile|cp|symlink)(?:Sync)?\(/,
    );
    expect([...new Set(places.map((place) => place.split(':')[0]))].sort()).toEqual([
      'src/io/own-state.ts', // GITHUB_STATE
      'src/io/private-file.ts', // its callers name a folder that is made below
      'src/report/evidence.ts', // RUNNER_TEMP
      'src/verification/refresh-target.ts', // RUNNER_TEMP, and removed
    ]);
  });
});

describe('no code is downloaded: what runs', () => {
  test('in src/ comes from src/ and the packages of the lock file, by names that are written down', () => {
    const lines = codeWith(/\bimport\(/);
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.filter((line) => !/\bimport\('\.{1,2}\/[\w./-]+\.ts'\)/.test(line))).toEqual([]);
    expect(codeWith(/\beval\(|new Function\(|WebAssembly|dlopen|node:(?:module|worker_threads|cluster)/)).toEqual([]);
    expect(
      codeWith(/from 'node:vm'/)
        .map((line) => line.split(':')[0])
        .sort(),
    ).toEqual([
      'src/engine/smoke-tests/search-pattern.ts', // a fixed text, so that a pattern of the user can be given up
    ]);
    expect(codeWith(/from 'node:child_process'/).map((line) => line.split(':')[0])).toEqual(['src/io/exec.ts']);
  });

  test('in dist/ comes from dist/ and Node', () => {
    const files = readdirSync(path.join(root, 'dist')).filter((name) => name.endsWith('.js'));
    const code = files.map((file) => read(`dist/${file}`)).join('\n');
    const required = [...code.matchAll(/\(import\.meta\.url\)\(([^)]*)\)/g)].map(([, name]) => name!);
    expect(required.length).toBeGreaterThan(10);
    expect(required.filter((name) => !isBuiltin(name.replaceAll('"', '')))).toEqual([]);
    const loaded = [...code.matchAll(/\bimport\(([^)]*)/g)].map(([, name]) => name!);
    expect(loaded.filter((name) => !name.startsWith('"./"+'))).toEqual([]);
    expect(loaded).not.toEqual([]);
    expect(code.match(/\beval\(|new Function\(/g)).toBeNull();
  });
});

/** Lines of src/ outside of comments, as `file:line text`. */
function codeWith(pattern: RegExp): string[] {
  const files = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      read(`src/${file}`)
        .split('\n')
        .map((line, index) => `src/${file}:${index + 1} ${line.trim()}`)
        .filter((line) => pattern.test(line) && !/:\d+ (?:\/\/|\/?\*)/.test(line)),
    );
}

function missingTests(threatsYml: string): string[] {
  const named: readonly { file: string; name: string }[] = namedTests(threatsYml);
  const names = new Map([...new Set(named.map(({ file }) => file))].map((file) => [file, namesIn(file)]));
  return named.flatMap(({ file, name }) => (names.get(file)!.includes(name) ? [] : [`${file}: ${name}`]));
}

function namesIn(file: string): readonly string[] {
  return existsSync(path.join(root, '__tests__', file)) ? testNames(read(`__tests__/${file}`)) : [];
}
