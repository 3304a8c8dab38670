import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { registries, targets } from '../src/clouds/index.ts';
import { readStepInputs } from '../src/inputs/step-inputs.ts';
import { parseInputs, readRequest } from '../src/inputs.ts';
import { emptyRecord } from '../src/model/outcome.ts';
import { outputsOf } from '../src/outputs.ts';
import { memoryFiles } from './fixtures/fake-io.ts';

const text = readFileSync(path.resolve(import.meta.dirname, '../action.yml'), 'utf8');

/** GitHub evaluates expressions here too, knows no `secrets`, and then does not load the action (superfly/fly-pr-review-apps#37). */
const described = z
  .string()
  .min(10)
  .refine((words) => !words.includes('${{'));
const input = z.strictObject({
  description: described,
  required: z.boolean().optional(),
  default: z.string().min(1).optional(),
});
const actionSchema = z.strictObject({
  name: z.string(),
  description: described.max(125),
  author: z.string(),
  branding: z.strictObject({ icon: z.string(), color: z.literal('blue') }),
  inputs: z.record(z.string().regex(/^[a-z][a-z-]*$/), input),
  outputs: z.record(z.string().regex(/^[a-z][a-z-]*$/), z.strictObject({ description: described })),
  runs: z.strictObject({
    using: z.literal('node24'),
    main: z.literal('dist/main.js'),
    post: z.literal('dist/post.js'),
  }),
});
const action = actionSchema.parse(parse(text));

const least = { INPUT_TARGET: 'ecs', INPUT_IMAGE: 'ghcr.io/acme/agent:v1', INPUT_SERVICE: 'agent' };

/** What the code reads of the inputs, in order: how, which one, and the value. */
function valuesOf(env: Record<string, string>): readonly (readonly [string | symbol, unknown, unknown])[] {
  const values: [string | symbol, unknown, unknown][] = [];
  const inputs = new Proxy(readStepInputs(env), {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => {
        const value: unknown = member(...given);
        values.push([name, given[0], name === 'text' ? '' : value]);
        return value;
      };
    },
  });
  readRequest(inputs, { env, files: memoryFiles() });
  return values;
}

describe('action.yml', () => {
  test('its inputs and those that the code reads are the same list, both ways', () => {
    const known = new Set<string>([...targets.values(), ...registries].flatMap((part) => part.inputs));
    for (const target of targets.keys()) {
      const inputs = readStepInputs({ ...least, INPUT_TARGET: target });
      readRequest(inputs, { env: {}, files: memoryFiles() });
      for (const name of inputs.read) known.add(name);
    }
    expect([...known].sort()).toEqual(Object.keys(action.inputs).sort());
  });

  test('its defaults are those that the code falls back to', () => {
    const defaults = Object.entries(action.inputs).flatMap(([name, { default: value }]) =>
      value === undefined ? [] : [[`INPUT_${name.toUpperCase()}`, value]],
    );
    for (const target of targets.keys()) {
      const given = { ...least, INPUT_TARGET: target };
      expect(valuesOf({ ...Object.fromEntries(defaults), ...given })).toEqual(valuesOf(given));
    }
  });

  test('its outputs and those that the code writes are the same list', () => {
    const outcome = {
      kind: 'deployed',
      revision: null,
      previousRevision: null,
      failure: null,
      diagnosis: null,
      rollback: null,
      notes: [],
    } as const;
    expect(Object.keys(outputsOf(outcome, emptyRecord(0), { file: null, history: '' })).sort()).toEqual(
      Object.keys(action.outputs).sort(),
    );
  });

  test('an input that the action does not have is refused with the name that was meant', () => {
    expect(() => parseInputs({ env: { ...least, 'INPUT_SMOKE-TEST': '- GET /' }, files: memoryFiles() })).toThrow(
      /Did you mean `smoke-tests`\?/,
    );
  });
});
