import { RestError } from '@azure/core-rest-pipeline';
import { describe, expect, test } from '@jest/globals';
import { explainErrors, toDeployError } from '../../../../src/clouds/azure/errors.ts';
import { DeployError } from '../../../../src/model/errors.ts';

const call = { what: 'update container app agent', action: 'Microsoft.App/containerApps/write' };
const rest = (statusCode: number, code: string, message = 'words'): RestError =>
  new RestError(message, { code, statusCode });
const denied =
  "The client 'x' with object id 'y' does not have authorization to perform action 'Microsoft.App/managedEnvironments/join/action' over scope '/subscriptions/s'";

describe('what Azure throws becomes what a person can act on', () => {
  test.each<[string, unknown, string, RegExp]>([
    [
      '403, with the action that ARM names',
      rest(403, 'AuthorizationFailed', denied),
      'PERMISSION_DENIED',
      /managedEnvironments\/join\/action/,
    ],
    ['403 that names none', rest(403, 'Forbidden', 'no'), 'PERMISSION_DENIED', /Microsoft\.App\/containerApps\/write/],
    ['404', rest(404, 'ResourceNotFound'), 'NOT_FOUND', /`service`, `resource-group` and `subscription`/],
    [
      'a resource group that is not there',
      rest(404, 'ResourceGroupNotFound'),
      'NOT_FOUND',
      /`resource-group` and `subscription`/,
    ],
    ['any 409', rest(409, 'ContainerAppLockConflict'), 'THROTTLED', /Another change is in progress/],
    ['429', rest(429, 'TooManyRequests'), 'THROTTLED', /in a minute/],
    ['500', rest(500, 'InternalServerError'), 'NETWORK', /management\.azure\.com/],
    ['a socket that broke', new RestError('socket hang up', { code: 'ECONNRESET' }), 'NETWORK', /reach/],
    ['400', rest(400, 'InvalidParameterValueInContainerTemplate'), 'DEPLOY_REJECTED', /Correct what Azure names/],
    ['401', rest(401, 'InvalidAuthenticationToken'), 'AUTH_FAILED', /azure\/login/],
    [
      'an assertion that expired in the cache of the CLI',
      new Error('AADSTS700024: Client assertion is not within'),
      'AUTH_FAILED',
      /requests a fresh one each time/,
    ],
    [
      'a subject that nobody trusts',
      new Error('AADSTS700213: No matching federated identity record'),
      'AUTH_FAILED',
      /federated credential/,
    ],
    [
      'an application that is not there',
      new Error('AADSTS700016: Application not found'),
      'AUTH_FAILED',
      /`client-id`/,
    ],
    ['a tenant that is not there', new Error("AADSTS90002: Tenant 'x' not found"), 'AUTH_FAILED', /`tenant-id`/],
    ['a wrong secret', new Error('AADSTS7000215: Invalid client secret'), 'AUTH_FAILED', /secret of the application/],
  ])('%s', (_title, thrown, code, hint) => {
    const error = toDeployError(thrown, call);
    expect(error).toMatchObject({ code, hint: expect.stringMatching(hint) });
    expect(error.message).toMatch(/^could not update container app agent: /);
  });

  test('values that were sent, and tokens, are not repeated', () => {
    const token = `eyJ${'a'.repeat(20)}.${'b'.repeat(20)}.${'c'.repeat(20)}`;
    const thrown = rest(400, 'Invalid', `value hunter2-secret is wrong, token ${token}`);
    const { message } = toDeployError(thrown, { ...call, secrets: ['hunter2-secret'] });
    expect(message).toBe('could not update container app agent: Invalid: value *** is wrong, token ***');
  });

  test('the response, which has headers, is not carried along', () => {
    expect(toDeployError(rest(400, 'Invalid'), call).cause).toEqual(new Error('Invalid: words'));
  });

  test('a cancel is a cancel, whatever the SDK makes of it', async () => {
    const controller = new AbortController();
    const reason = new DeployError('CANCELLED', 'the job was cancelled', { hint: 'x' });
    controller.abort(reason);
    const send = async () => {
      throw new Error('aborted');
    };
    await expect(explainErrors({ ...call, signal: controller.signal }, send)).rejects.toBe(reason);
  });
});
