import { describe, expect, test } from '@jest/globals';
import {
  describeGap,
  readIfAllowed,
  readIfPossible,
  readIfThere,
  readOptional,
} from '../../../src/io/read-optional.ts';
import { DeployError, type ErrorCode } from '../../../src/model/errors.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';

const failure = (code: ErrorCode) => new DeployError(code, `could not read it: ${code}`, { hint: 'Add agent:Read.' });
const failing = (code: ErrorCode) => () => Promise.reject(failure(code));
const tell = () => {
  throw new Error('nothing is to be told');
};

describe('readOptional', () => {
  test('answers what was read', async () => {
    expect(await readOptional(async () => 7, { without: 'any', tell })).toBe(7);
  });

  test('a failure to go on with is null, and told', async () => {
    const told: string[] = [];
    const options = { without: ['NOT_FOUND'] as const, tell: ({ code }: DeployError) => void told.push(code) };

    expect(await readOptional(failing('NOT_FOUND'), options)).toBeNull();
    expect(told).toEqual(['NOT_FOUND']);
    await expect(readOptional(failing('NETWORK'), options)).rejects.toThrow('NETWORK');
    expect(told).toEqual(['NOT_FOUND']);
  });

  test('a cancel and a fault of our own are thrown, even where any failure is gone on with', async () => {
    await expect(readOptional(failing('CANCELLED'), { without: 'any', tell })).rejects.toThrow('CANCELLED');
    const bug = new TypeError('a bug');
    await expect(readOptional(() => Promise.reject(bug), { without: 'any', tell })).rejects.toBe(bug);
  });
});

describe('readIfAllowed', () => {
  test('warns once of what goes missing, and names the permission', async () => {
    const reader = { io: fakeIo(), warned: new Set<string>() };

    for (let times = 0; times < 2; times += 1) {
      expect(await readIfAllowed(reader, 'its health', failing('PERMISSION_DENIED'))).toBeNull();
    }

    expect(reader.io.printed).toEqual([
      'could not read it: PERMISSION_DENIED; continuing without its health. Add agent:Read.',
    ]);
  });

  test('any other failure is thrown', async () => {
    const reader = { io: fakeIo(), warned: new Set<string>() };

    await expect(readIfAllowed(reader, 'its health', failing('NOT_FOUND'))).rejects.toThrow('NOT_FOUND');
  });
});

test('what is not there is null; what may not be read is not', async () => {
  expect(await readIfThere(failing('NOT_FOUND'))).toBeNull();
  await expect(readIfThere(failing('PERMISSION_DENIED'))).rejects.toThrow('PERMISSION_DENIED');
});

test('what nobody misses goes to the debug log', async () => {
  const debugged: string[] = [];
  const log = { ...fakeIo().log, debug: (line: string) => void debugged.push(line) };

  expect(await readIfPossible(log, 'other names', failing('NETWORK'))).toBeNull();
  expect(debugged).toEqual(['could not read it: NETWORK; continuing without other names']);
  await expect(readIfPossible(log, 'other names', failing('CANCELLED'))).rejects.toThrow('CANCELLED');
});

test('a gap is told with what to do', () => {
  expect(describeGap(failure('NETWORK'))).toBe('could not read it: NETWORK. Add agent:Read.');
});
