import { describe, expect, it, test } from '@jest/globals';
import { explainErrors, findAwsErrorName, toDeployError } from '../../../../src/clouds/aws/errors.ts';
import { DeployError } from '../../../../src/model/errors.ts';

const call = { what: 'update service agent', action: 'ecs:UpdateService' };

function thrown(name: string, message = 'no', more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}

test.each([
  ['AccessDeniedException', 'PERMISSION_DENIED', /ecs:UpdateService/],
  ['ExpiredTokenException', 'AUTH_FAILED', /role-duration-seconds/],
  ['ExpiredToken', 'AUTH_FAILED', /role-duration-seconds/],
  ['CredentialsProviderError', 'AUTH_FAILED', /id-token: write/],
  ['UnrecognizedClientException', 'AUTH_FAILED', /configure-aws-credentials/],
  ['InvalidSignatureException', 'AUTH_FAILED', /configure-aws-credentials/],
  ['ThrottlingException', 'THROTTLED', /again/],
  ['TooManyRequestsException', 'THROTTLED', /again/],
  ['ClusterNotFoundException', 'NOT_FOUND', /region/],
  ['ServiceNotFoundException', 'NOT_FOUND', /region/],
  ['TimeoutError', 'NETWORK', /reach AWS/],
  ['SyntaxError', 'NETWORK', /reach AWS/],
  ['ServerException', 'NETWORK', /reach AWS/],
])('%s is %s with the next step', (name, code, hint) => {
  const error = toDeployError(thrown(name), call);
  expect(error.code).toBe(code);
  expect(error.hint).toMatch(hint);
  expect(error.message).toMatch(/^could not update service agent: /);
});

test.each([
  ['a reset connection', thrown('Error', 'read ECONNRESET', { code: 'ECONNRESET' }), 'NETWORK'],
  ['a name that does not resolve', thrown('Error', 'getaddrinfo ENOTFOUND x', { code: 'ENOTFOUND' }), 'NETWORK'],
  ['a certificate', thrown('Error', 'unable', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }), 'NETWORK'],
  ['any 503', thrown('Whatever', 'no', { $metadata: { httpStatusCode: 503 } }), 'NETWORK'],
  ['any 429', thrown('Whatever', 'no', { $metadata: { httpStatusCode: 429 } }), 'THROTTLED'],
  [
    'a race of two registrations',
    thrown('ClientException', 'Too many concurrent attempts to create a new revision of the specified family.'),
    'THROTTLED',
  ],
  [
    'an update that AWS does not take',
    thrown('InvalidParameterException', 'TaskDefinition is inactive'),
    'DEPLOY_REJECTED',
  ],
  ['something that is no error', 'text', 'DEPLOY_REJECTED'],
])('%s is %#', (_what, error, code) => {
  expect(toDeployError(error, call).code).toBe(code);
});

describe('a missing permission', () => {
  it('is named as AWS names it, which need not be the one that was called', () => {
    const message =
      'User: arn:aws:sts::123456789012:assumed-role/ci/x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/task';
    const error = toDeployError(thrown('ClientException', message), call);
    expect(error.code).toBe('PERMISSION_DENIED');
    expect(error.message).toBe('could not update service agent: the role lacks iam:PassRole');
    expect(error.hint).toBe(
      "Add iam:PassRole to the role's policy, or correct the name in the inputs if it allows another.",
    );
  });

  it('to take on the role is a question of its trust policy', () => {
    const error = toDeployError(
      thrown('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity'),
      call,
    );
    expect(error).toMatchObject({ code: 'AUTH_FAILED', hint: expect.stringContaining('trust policy') });
  });
});

describe('what an error keeps', () => {
  it('is name and first line, never the response, and no value that was sent', () => {
    const original = thrown('ClientException', "Value 'hunter22' is bad\nsecond line", {
      $response: { headers: { authorization: 'AWS4-HMAC' } },
    });
    const error = toDeployError(original, { ...call, secrets: ['hunter22', 'is'] });
    expect(error.message).toBe("could not update service agent: ClientException: Value '***' is bad");
    expect(error.cause).not.toBe(original);
    expect(JSON.stringify([error.message, error.cause, (error.cause as Error).message])).not.toMatch(
      /AWS4|hunter22|second/,
    );
  });

  it('lets AWS’s own name be asked for', () => {
    expect(findAwsErrorName(toDeployError(thrown('ConflictException', 'ended'), call))).toBe('ConflictException');
    expect(findAwsErrorName(new Error('ConflictException: x'))).toBeNull();
  });
});

describe('a call', () => {
  it('that was cancelled throws the reason of the cancel', async () => {
    const reason = new DeployError('CANCELLED', 'the job was cancelled');
    const signal = AbortSignal.abort(reason);
    const sent = explainErrors({ ...call, signal }, () => Promise.reject(thrown('AbortError')));
    await expect(sent).rejects.toBe(reason);
  });

  it('leaves a DeployError as it is', async () => {
    const error = new DeployError('UNSUPPORTED', 'no');
    await expect(explainErrors(call, () => Promise.reject(error))).rejects.toBe(error);
  });
});
