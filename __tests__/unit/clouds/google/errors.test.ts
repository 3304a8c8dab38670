import { describe, expect, test } from '@jest/globals';
import { explainErrors, findStatus, toDeployError } from '../../../../src/clouds/google/errors.ts';
import { DeployError } from '../../../../src/model/errors.ts';

const call = { what: 'update service agent', permission: 'run.services.update' };
/** As the auth library throws it. */
const rest = (status: number, data: unknown, url = 'https://run.googleapis.com/v2/x') =>
  Object.assign(new Error('Request failed'), {
    response: { status, data },
    config: { url, headers: { authorization: 'Bearer ya29.secret' } },
  });
const google = (status: number, word: string, message = 'no', details: unknown[] = []) =>
  rest(status, { error: { code: status, status: word, message, details } });
const denial = (permission: string) => [{ reason: 'IAM_PERMISSION_DENIED', metadata: { permission } }];

describe('what Google answers', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['401', google(401, 'UNAUTHENTICATED'), 'AUTH_FAILED', /google-github-actions\/auth/],
    ['401 of a proxy', rest(401, ''), 'AUTH_FAILED', /id-token: write/],
    [
      '403',
      google(403, 'PERMISSION_DENIED'),
      'PERMISSION_DENIED',
      /roles\/run\.developer on the service, which has run\.services\.update/,
    ],
    [
      '403 with the permission in its details',
      google(403, 'PERMISSION_DENIED', 'x', denial('iam.serviceaccounts.actAs')),
      'PERMISSION_DENIED',
      /iam\.serviceAccountUser/,
    ],
    [
      '403 with the permission in its words',
      google(403, 'PERMISSION_DENIED', "Permission 'iam.serviceaccounts.actAs' denied on"),
      'PERMISSION_DENIED',
      /iam\.serviceAccountUser/,
    ],
    [
      '403 about an image',
      google(403, 'PERMISSION_DENIED', 'User must have permission to read the image, x.'),
      'PERMISSION_DENIED',
      /artifactregistry\.reader/,
    ],
    [
      '403 of an API that is off',
      google(403, 'PERMISSION_DENIED', 'x', [{ reason: 'SERVICE_DISABLED' }]),
      'PERMISSION_DENIED',
      /gcloud services enable run/,
    ],
    ['404', google(404, 'NOT_FOUND'), 'NOT_FOUND', /`project` and `region` first/],
    ['429', google(429, 'RESOURCE_EXHAUSTED'), 'THROTTLED', /in a minute/],
    ['503', google(503, 'UNAVAILABLE'), 'NETWORK', /can reach Google/],
    ['500 without a document', rest(500, '<html>'), 'NETWORK', /can reach Google/],
    ['504', google(504, 'DEADLINE_EXCEEDED'), 'NETWORK', /can reach Google/],
    ['a connection that broke', Object.assign(new Error('x'), { code: 'ECONNRESET' }), 'NETWORK', /can reach Google/],
    [
      '400',
      google(400, 'INVALID_ARGUMENT', 'template.containers: is required'),
      'DEPLOY_REJECTED',
      /Correct what Google names/,
    ],
    ['409', google(409, 'ALREADY_EXISTS'), 'DEPLOY_REJECTED', /Correct/],
    [
      'a subject that is not trusted',
      rest(
        400,
        { error: 'invalid_grant', error_description: 'rejected by the attribute condition' },
        'https://sts.googleapis.com/v1/token',
      ),
      'AUTH_FAILED',
      /`sub` has two forms/,
    ],
    [
      'an account that may not be acted as',
      rest(403, { error: { status: 'PERMISSION_DENIED' } }, 'https://iamcredentials.googleapis.com/v1/x'),
      'AUTH_FAILED',
      /roles\/iam\.workloadIdentityUser/,
    ],
    [
      'a token service that is down',
      rest(503, '', 'https://sts.googleapis.com/v1/token'),
      'NETWORK',
      /can reach Google/,
    ],
    [
      'no credentials at all',
      new Error('Could not load the default credentials. Browse to'),
      'AUTH_FAILED',
      /google-github-actions\/auth/,
    ],
  ])('%s', (_, error, code, hint) => {
    const explained = toDeployError(error, call);
    expect(explained).toMatchObject({ code, hint: expect.stringMatching(hint) });
    expect(explained.message).toMatch(/^could not update service agent: \S/);
  });

  test('is told by its own word', () => {
    expect(findStatus(toDeployError(google(409, 'ABORTED'), call))).toBe('ABORTED');
    expect(findStatus(new Error('ABORTED: x'))).toBeNull();
  });

  test('is quoted without tokens, values that were sent, or anything after the first line', () => {
    const message = 'bad value "hunter2hunter2" with ya29.abc-DEF_1 and eyJhbGciOi.eyJzdWIi.sig\nsecond';
    const { message: said, cause } = toDeployError(google(400, 'INVALID_ARGUMENT', message), {
      ...call,
      secrets: ['hunter2hunter2', 'a'],
    });
    expect(said).toContain('bad value "***" with *** and ***');
    for (const text of [said, String(cause)]) expect(text).not.toMatch(/hunter2|ya29|eyJ|second|Bearer/);
  });
});

describe('what was thrown on the way', () => {
  test('by our own sockets is kept, however often it was wrapped', async () => {
    const own = new DeployError('NETWORK', 'could not reach run.googleapis.com: no answer');
    const wrapped = new Error('outer', { cause: new Error('inner', { cause: own }) });
    await expect(explainErrors(call, () => Promise.reject(wrapped))).rejects.toBe(own);
  });

  test('by a cancel is the cancel’s reason', async () => {
    const controller = new AbortController();
    const reason = new DeployError('CANCELLED', 'could not go on: the job was cancelled');
    controller.abort(reason);
    await expect(
      explainErrors({ ...call, signal: controller.signal }, () => Promise.reject(new Error('aborted'))),
    ).rejects.toBe(reason);
  });
});
