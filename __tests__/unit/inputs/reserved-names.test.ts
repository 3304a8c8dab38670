import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { hintForReason } from '../../../src/clouds/google/cloud-run/condition-hints.ts';
import { openJournal } from '../../../src/engine/journal.ts';
import { checkResponse } from '../../../src/engine/smoke-tests/check-response.ts';
import { asWritten } from '../../../src/engine/smoke-tests/excerpt.ts';
import { parseSmokeTests } from '../../../src/inputs/smoke-tests.ts';
import { parseInputs } from '../../../src/inputs.ts';
import { parseDuration } from '../../../src/model/duration.ts';
import { DeployError } from '../../../src/model/errors.ts';
import { parsePlatform } from '../../../src/model/platform.ts';
import { parseChallenges } from '../../../src/registry/challenge.ts';
import { dockerConfigKeychain } from '../../../src/registry/docker-config-keychain.ts';
import { findTraits } from '../../../src/registry/known-registries.ts';
import { parseManifest } from '../../../src/registry/manifest.ts';
import { parseTrafficSteps } from '../../../src/strategies/traffic-steps.ts';
import { fakeIo, memoryFiles } from '../../fixtures/fake-io.ts';

/** Names that every object of JavaScript has, so that a lookup with them finds something in a table that is an object. */
const NAMES = ['toString', 'constructor', '__proto__', 'hasOwnProperty'];

const actionYml = path.resolve(import.meta.dirname, '../../../action.yml');
const inputs = Object.keys((parse(readFileSync(actionYml, 'utf8')) as { inputs: object }).inputs);
const targets = ['ecs', 'cloud-run', 'container-apps', 'kubernetes'];

/** What was thrown, as its code; '' for an answer. Anything but a DeployError is a bug. */
function codeOf(run: () => unknown): string {
  try {
    run();
    return '';
  } catch (error) {
    if (error instanceof DeployError) return error.code;
    throw error;
  }
}

describe.each(NAMES)('the text %s', (name) => {
  test.each(targets)('in any input is read or refused, with target %s', (target) => {
    for (const input of inputs) {
      const env = { INPUT_TARGET: target, INPUT_IMAGE: 'ghcr.io/acme/agent:v1', INPUT_SERVICE: 'agent' };
      const given = { ...env, [`INPUT_${input.toUpperCase()}`]: name };
      expect(['', 'INPUT_INVALID']).toContain(codeOf(() => parseInputs({ env: given, files: memoryFiles() })));
    }
  });

  test.each(['target', 'mode', 'strategy', 'on-failure', 'on-cancel', 'force', 'timeout', 'traffic', 'steps'])(
    'is no choice of the input %s',
    (input) => {
      const env = { INPUT_TARGET: 'ecs', INPUT_IMAGE: 'ghcr.io/acme/agent:v1', INPUT_SERVICE: 'agent' };
      const given = { ...env, INPUT_CLUSTER: 'main', [`INPUT_${input.toUpperCase()}`]: name };
      expect(() => parseInputs({ env: given, files: memoryFiles() })).toThrow(`- ${input}: `);
    },
  );

  test('is no input', () => {
    expect(codeOf(() => parseInputs({ env: { [`INPUT_${name.toUpperCase()}`]: 'x' }, files: memoryFiles() }))).toBe(
      'INPUT_INVALID',
    );
  });

  test('is a method, a key or an option of no smoke test', () => {
    for (const text of [
      `${name} /health`,
      `${name}: x`,
      `GET /: { ${name}: x }`,
      `GET /: { expect: { ${name}: x } }`,
    ]) {
      expect(codeOf(() => parseSmokeTests(`- ${text}`, { readFile: () => null }))).toBe('INPUT_INVALID');
    }
  });

  test('is a header that no response has', () => {
    const seen = { status: 200, headers: {}, body: '', bodyIsWhole: true, durationMs: 1, hide: asWritten };
    const headers = new Map([[name, 'x']]);
    const expected = { status: null, headers, contains: null, matches: null, not: null, json: null, withinMs: null };
    expect(checkResponse(seen, expected)).toMatchObject({ passed: false, detail: expect.stringContaining('no such') });
  });

  test('is no phase, outcome or failure of the journal', () => {
    const point = { resource: 'service agent', revision: null, data: {} };
    const entry = { version: 1, phase: 'closed', image: null, point, mark: null, failure: null, outcome: 'deployed' };
    const failure = { code: name, message: 'it failed', hint: null };
    for (const change of [{ phase: name }, { outcome: name }, { failure }]) {
      const io = fakeIo();
      io.state.save('journal', JSON.stringify({ ...entry, owner: '', ...change }));
      expect(codeOf(() => openJournal(io).read())).toBe('JOURNAL_INVALID');
    }
  });

  test('is a registry of which nothing is known', () => {
    expect(findTraits(name, [])).toBeNull();
  });

  test.each(['auths', 'credHelpers'])('is no host that docker has a login for in %s', async (key) => {
    const io = fakeIo({ env: { HOME: '/home/runner' } });
    const config = `{"${key}": {"other": ${key === 'auths' ? '{}' : '"desktop"'}}}`;
    const keychain = dockerConfigKeychain({ ...io, readFile: async () => config });
    expect(await keychain.resolve(name)).toBeNull();
  });

  test('is no reason of a Cloud Run condition that has a hint', () => {
    expect(hintForReason(name)).toBeNull();
  });

  test('is no duration, no platform and no share of the traffic', () => {
    expect(parseDuration(name)).toBeNull();
    expect(codeOf(() => parsePlatform(name))).toBe('INPUT_INVALID');
    expect(codeOf(() => parseTrafficSteps(name))).toBe('INPUT_INVALID');
  });

  test('is no media type of a manifest', () => {
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType: name });
    expect(codeOf(() => parseManifest(Buffer.from(manifest), name, 'x'))).toBe('IMAGE_INVALID');
  });

  test('is a parameter of a challenge like any other', () => {
    const [challenge] = parseChallenges(`Bearer ${name}="x"`);
    expect(challenge?.parameters.get(name.toLowerCase())).toBe('x');
    expect(challenge?.parameters.get('realm')).toBeUndefined();
  });
});
