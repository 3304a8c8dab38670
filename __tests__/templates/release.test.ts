import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runWorkflow } from './runner/run-workflow.ts';
import type { StandInCall, StandInResult } from './runner/stand-in.ts';
import { checkout } from './stand-ins/checkout.ts';
import { read } from './workflow-texts.ts';

const CHECKED =
  'on: workflow_call\npermissions: {}\njobs:\n  check:\n    runs-on: ubuntu-latest\n    steps:\n      - run: true\n';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'release-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A repository at version 1.2.3, and programs that note what they are asked. */
function layOut(onMain = true, hasMajor = true) {
  const [repository, tools] = [path.join(folder, 'repository'), path.join(folder, 'tools')];
  for (const each of [repository, tools]) mkdirSync(each);
  writeFileSync(path.join(repository, 'package.json'), '{ "version": "1.2.3" }');
  writeFileSync(
    path.join(repository, 'CHANGELOG.md'),
    '# Changelog\n\n## 1.2.3\n\n- It mends.\n\n## 1.2.2\n\n- Old.\n',
  );
  const program = (name: string, body: string): void => {
    writeFileSync(path.join(tools, name), `#!/usr/bin/env bash\necho "${name} $*" >> "${folder}/calls"\n${body}\n`);
    chmodSync(path.join(tools, name), 0o755);
  };
  program('git', `exit ${onMain ? 0 : 1}`);
  program('npm', 'echo "{}"');
  const found = hasMajor ? 0 : 1;
  program(
    'gh',
    `case "$*" in *create*) cp notes.md "${folder}/notes"; cp provenance.sigstore.json "${folder}/provenance"; echo https://github.com/r ;; *--silent) exit ${found} ;; esac`,
  );
  return { repository, tools };
}

/** Leaves a bundle, in which there is only what it is of. */
function attest({ inputs }: StandInCall): StandInResult {
  const bundle = path.join(folder, inputs['sbom-path'] ? 'sbom-bundle' : 'bundle');
  writeFileSync(bundle, inputs['subject-path'] ?? '');
  return { outputs: { 'bundle-path': bundle } };
}

async function release(tag: string, { repository, tools }: { readonly repository: string; readonly tools: string }) {
  const result = await runWorkflow(read('.github/workflows/release.yml'), {
    ...{ repository, tools, name: 'org/deploy-agent', event: { name: 'push', ref: `refs/tags/${tag}` } },
    standIns: { 'actions/checkout': checkout(repository), 'actions/attest': attest },
    network: () => ({}),
    oidc: () => ({ env: {}, asked: () => 0 }),
    tokenFor: () => 'ghs_token',
    approve: () => true,
    findWorkflow: () => CHECKED,
  });
  const calls = existsSync(path.join(folder, 'calls')) ? readFileSync(path.join(folder, 'calls'), 'utf8') : '';
  return { ...result, gh: calls.split('\n').filter((line) => line.startsWith('gh ')) };
}

test('a tag of main whose version is that of package.json is released, with its notes, and the major tag moves', async () => {
  const { conclusion, gh, run } = await release('v1.2.3', layOut());
  expect({ conclusion, log: run.logs.get('release') }).toMatchObject({ conclusion: 'success' });
  expect(gh[0]).toBe(
    'gh release create v1.2.3 --verify-tag --title v1.2.3 --notes-file notes.md sbom.spdx.json provenance.sigstore.json',
  );
  expect(readFileSync(path.join(folder, 'provenance'), 'utf8')).toBe('dist/*.js');
  expect(gh.at(-1)).toContain('--method PATCH repos/org/deploy-agent/git/refs/tags/v1 --raw-field sha=9fceb02d');
  expect(readFileSync(path.join(folder, 'notes'), 'utf8').trim()).toBe('- It mends.');
  expect(run.deployments).toEqual([{ environment: 'release', url: 'https://github.com/r', state: 'success' }]);
});

test('the first release of a major version makes its tag', async () => {
  const { gh } = await release('v1.2.3', layOut(true, false));
  expect(gh.at(-1)).toContain('--method POST repos/org/deploy-agent/git/refs --raw-field ref=refs/tags/v1');
});

test.each([
  ['of another version', 'v1.2.4', true],
  ['that is not on main', 'v1.2.3', false],
])('a tag %s is not released', async (_what, tag, onMain) => {
  const { conclusion, gh } = await release(tag, layOut(onMain));
  expect(conclusion).toBe('failure');
  expect(gh).toEqual([]);
});
