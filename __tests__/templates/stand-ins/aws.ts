import type { StandIn } from '../runner/stand-in.ts';
import { ensureIdentity } from './oidc.ts';
import type { Outside } from './outside.ts';

/** Asks STS for the role's credentials by OIDC, and leaves them in the environment, as the action does. */
export function configureAwsCredentials(outside: Outside): StandIn {
  return ({ job, inputs }) => {
    const role = inputs['role-to-assume'] ?? '';
    ensureIdentity(outside, job, role);
    const world = outside.worlds.find(({ env }) => env['AWS_REGION'] === inputs['aws-region']);
    if (!world) throw new Error(`could not get credentials: ${inputs['aws-region']} is no region of this account`);
    const env = Object.fromEntries(Object.entries(world.env).filter(([name]) => name.startsWith('AWS_')));
    const account = role.split(':')[4] ?? '';
    return {
      env: { ...env, AWS_DEFAULT_REGION: inputs['aws-region']! },
      masks: [env['AWS_SECRET_ACCESS_KEY']!, ...(inputs['mask-aws-account-id'] === 'true' ? [account] : [])],
      outputs: { 'aws-account-id': account },
    };
  };
}
