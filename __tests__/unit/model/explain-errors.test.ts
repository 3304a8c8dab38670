import { describe, expect, test } from '@jest/globals';
import { DeployError } from '../../../src/model/errors.ts';
import { type Call, isConnectionFailure, openErrorExplainer, type Thrown } from '../../../src/model/explain-errors.ts';

const call = { what: 'update service agent' };

const { explainErrors, toDeployError, findWord } = openErrorExplainer<Call, Thrown>({
  read: (error) => ({ word: (error as Error).name, message: (error as Error).message }),
  classify: ({ word }) => ({ code: word === 'Denied' ? 'PERMISSION_DENIED' : 'DEPLOY_REJECTED', hint: 'Correct it.' }),
  describeDenied: () => 'the role lacks agent:update',
  token: /tok_\w+/g,
});

const thrown = (name: string, message: string, cause?: unknown) =>
  Object.assign(new Error(message, { cause }), { name, response: { headers: { authorization: 'Bearer secret' } } });

describe('an error that is explained', () => {
  test('has what was tried, the word and the first line of the message, and a hint', () => {
    expect(toDeployError(thrown('Conflict', 'it is busy\nmore'), call)).toMatchObject({
      code: 'DEPLOY_REJECTED',
      message: 'could not update service agent: Conflict: it is busy',
      hint: 'Correct it.',
    });
    expect(toDeployError(thrown('Conflict', ''), call).message).toMatch(/: Conflict: no message$/);
  });

  test('names the permission that is missing in place of the message', () => {
    expect(toDeployError(thrown('Denied', 'no'), call).message).toBe(
      'could not update service agent: the role lacks agent:update',
    );
  });

  test('repeats no secret, no token, and keeps nothing of the client’s own error', () => {
    const original = thrown('Conflict', 'hunter22 and tok_abc are wrong');
    const { message, cause } = toDeployError(original, { ...call, secrets: ['hunter22', 'are'] });

    expect(message).toMatch(/Conflict: \*\*\* and \*\*\* are wrong$/);
    expect(cause).toEqual(new Error('Conflict: *** and *** are wrong'));
  });

  test('is known by its word; another error is not', () => {
    expect(findWord(toDeployError(thrown('Conflict', 'x'), call))).toBe('Conflict');
    expect(findWord(new DeployError('BUSY', 'x', { cause: new Error('Conflict: x') }))).toBeNull();
    expect(findWord(thrown('Conflict', 'x'))).toBeNull();
  });
});

describe('a request', () => {
  test('answers what was sent for', async () => {
    expect(await explainErrors(call, async () => 7)).toBe(7);
  });

  test('that was aborted ends in the signal’s reason', async () => {
    const reason = new DeployError('CANCELLED', 'cancelled');
    const signal = AbortSignal.abort(reason);

    await expect(explainErrors({ ...call, signal }, () => Promise.reject(new Error('aborted')))).rejects.toBe(reason);
  });

  test('keeps an error that was explained already, however the client wrapped it', async () => {
    const own = new DeployError('NETWORK', 'could not reach it');
    const wrapped = thrown('Conflict', 'outer', thrown('Conflict', 'inner', own));

    await expect(explainErrors(call, () => Promise.reject(wrapped))).rejects.toBe(own);
    await expect(explainErrors(call, () => Promise.reject(thrown('Conflict', 'x')))).rejects.toMatchObject({
      code: 'DEPLOY_REJECTED',
    });
  });
});

test.each<[string, boolean]>([
  ['ECONNRESET', true],
  ['ERR_STREAM_PREMATURE_CLOSE', true],
  ['CERT_HAS_EXPIRED', true],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', true],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', true],
  ['ConflictException', false],
  ['', false],
])('%s is a connection that failed: %p', (code, isFailure) => {
  expect(isConnectionFailure(code)).toBe(isFailure);
});
