import { describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { parseSmokeTests } from '../../../src/inputs/smoke-tests.ts';
import { parseInputs } from '../../../src/inputs.ts';
import { DeployError } from '../../../src/model/errors.ts';
import { parseStringMap, parseYaml } from '../../../src/model/yaml.ts';
import { parseTrafficSteps } from '../../../src/strategies/traffic-steps.ts';
import { memoryFiles } from '../../fixtures/fake-io.ts';
import { fc } from '../../fixtures/fast-check.ts';
import { anyText, textWith } from './attacks.ts';

/**
 * Far below what a text that explodes would take. 100 kB of YAML take 1.2 s, and five times as long where coverage is collected and
 * the machine is busy.
 */
const LONGEST_MS = 20_000;

const yamlPieces = [
  '- ',
  'GET /',
  ': ',
  '\n',
  '  ',
  '{',
  '}',
  '[',
  ']',
  '&a ',
  '*a ',
  '<<: ',
  '!!',
  '|',
  '>',
  '"',
  "'",
];
const testPieces = ['GET /health', 'POST ', 'https://', '#', '%', '?', 'run: ', 'status: ', 'within: ', '5s', 'json: '];
const files = { readFile: () => null };

const key = fc.oneof(
  fc.constantFrom('GET /health', 'POST https://a.b/', 'run', 'name', 'timeout', 'GET', 'get /', 'PUT //x'),
  fc.string({ maxLength: 12 }),
);
const option = fc.constantFrom('headers', 'body', 'json-body', 'file', 'status', 'json', 'within', 'passes', 'header');
const value = fc.oneof(fc.constantFrom('5s', 200, 'x', -1, null, true, '2h'), fc.jsonValue({ maxDepth: 3 }));
const entry = fc.oneof(
  fc.dictionary(key, fc.oneof(value, fc.dictionary(option, value, { maxKeys: 4 })), { maxKeys: 3 }),
  key,
  value,
);

const right = fc.oneof(
  fc.constantFrom('GET /health', 'HEAD /', 'OPTIONS https://agent.acme.dev/x'),
  fc.record({ 'POST /predict': fc.record({ 'json-body': fc.jsonValue({ maxDepth: 2 }), passes: fc.nat(100) }) }),
  fc.record({ run: fc.string(), timeout: fc.constantFrom('5s', '2h', '1ms') }),
);

/** Returns what was parsed; null: it was refused as it should be. */
function parseOrRefuse<T>(parse: () => T): T | null {
  // CPU time: what else the machine does must not make it red.
  const startedAt = process.cpuUsage();
  try {
    return parse();
  } catch (error) {
    expect(error).toBeInstanceOf(DeployError);
    expect(error).toMatchObject({ code: 'INPUT_INVALID' });
    return null;
  } finally {
    const { user, system } = process.cpuUsage(startedAt);
    expect((user + system) / 1_000).toBeLessThan(LONGEST_MS);
  }
}

function expectSmokeTests(text: string): number {
  const tests = parseOrRefuse(() => parseSmokeTests(text, files));
  for (const found of tests ?? []) {
    expect(found.name).not.toMatch(/[\r\n]/);
    expect(found.passes).toBeGreaterThanOrEqual(1);
    expect(found.retryForMs).toBeGreaterThanOrEqual(0);
    if (found.kind === 'command') expect(found.script.trim()).not.toBe('');
    // What was accepted is sent later: it has to be a request that can be made.
    else expect(new URL(found.location, 'https://agent.acme.dev').protocol).toMatch(/^https?:$/);
  }
  return tests?.length ?? 0;
}

describe('smoke tests', () => {
  test('of any text are a list of tests or a refusal, in bounded time', () => {
    const text = anyText(...yamlPieces, ...testPieces);
    fc.assert(
      fc.property(text, (given) => void expectSmokeTests(given)),
      { numRuns: 300 },
    );
  });

  test('of any YAML value are a list of tests or a refusal, and some are tests', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(fc.array(entry, { maxLength: 4 }), fc.array(right, { maxLength: 4 }), value), (given) => {
        accepted += expectSmokeTests(stringify(given));
      }),
      { numRuns: 300 },
    );
    expect(accepted).toBeGreaterThan(0);
  });

  test('of nested, repeated and long text end in bounded time', () => {
    const size = fc.integer({ min: 1, max: 20_000 });
    fc.assert(
      fc.property(textWith([...yamlPieces, 'a']), size, (piece, count) => {
        expectSmokeTests(piece.repeat(Math.min(count, Math.floor(100_000 / (piece.length + 1)))));
      }),
      { numRuns: 40 },
    );
  });
});

describe('YAML', () => {
  const name = fc
    .stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/)
    .filter((text) => !/^(constructor|prototype)$/.test(text));
  const safe = fc.dictionary(name, fc.string({ unit: 'grapheme' }), { maxKeys: 8 });

  test('that was written from a map of text is read as the same map', () => {
    fc.assert(
      fc.property(safe, (map) => {
        expect(Object.fromEntries(parseStringMap(stringify(map), 'environment-variables'))).toEqual({ ...map });
      }),
      { numRuns: 200 },
    );
  });

  test('of any text is a map of text or a refusal that quotes no value', () => {
    // No name: those are quoted.
    const secret = 'hunter2/secret';
    fc.assert(
      fc.property(textWith([...yamlPieces, secret, `KEY: ${secret}\n`, 'KEY', '=']), (text) => {
        try {
          for (const found of parseStringMap(text, 'secrets').values()) expect(typeof found).toBe('string');
        } catch (error) {
          expect(error).toMatchObject({ code: 'INPUT_INVALID' });
          expect((error as Error).message).not.toContain(secret);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('never reaches into the objects of JavaScript', () => {
    const reserved = fc.constantFrom('__proto__', 'constructor', 'prototype');
    fc.assert(
      fc.property(reserved, fc.jsonValue({ maxDepth: 2 }), (reservedName, given) => {
        const pair = `${reservedName}: ${JSON.stringify(given)}`;
        for (const text of [pair, `a: [{ ${pair} }]`]) {
          expect(() => parseYaml(text, 'smoke-tests')).toThrow(DeployError);
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the inputs of a step', () => {
  test('of any text are a request or one refusal', () => {
    const names = ['TARGET', 'IMAGE', 'COPY-TO', 'SERVICE', 'CLUSTER', 'CONTAINER', 'URL', 'TIMEOUT', 'FORCE', 'X'];
    const env = fc.dictionary(
      fc.constantFrom(...names.map((one) => `INPUT_${one}`)),
      fc.oneof(
        fc.constantFrom('ecs', 'ghcr.io/acme/agent:v1', 'true', '5m', 'web=a:1'),
        anyText('\n', '=', ':', '/', '@'),
      ),
    );
    fc.assert(
      fc.property(env, (given) => void parseOrRefuse(() => parseInputs({ env: given, files: memoryFiles() }))),
      { numRuns: 200 },
    );
  });
});

describe('the steps of the traffic', () => {
  test('whatever is written: they ascend to 100 %, or the input is refused', () => {
    const text = anyText('5%', '25 %', ' for ', '5m', ', ', '\n', '100%', '-', '0%', '1e9%', '٣%');
    fc.assert(
      fc.property(text, (given) => {
        const steps = parseOrRefuse(() => parseTrafficSteps(given));
        if (!steps) return;
        expect(steps.at(-1)?.percent).toBe(100);
        for (const [index, { percent, bakeMs }] of steps.entries()) {
          expect(percent).toBeGreaterThan(steps[index - 1]?.percent ?? 0);
          expect(bakeMs).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
