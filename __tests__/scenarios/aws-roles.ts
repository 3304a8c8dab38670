import { readFileSync } from 'node:fs';
import path from 'node:path';
import { CLUSTER, REPOSITORY, SERVICE } from '../../simulators/agent-service.ts';
import type { Policy } from '../../simulators/aws/policy.ts';
import { ACCOUNT, REGION } from '../../simulators/world.ts';

const guide = path.resolve(import.meta.dirname, '../../docs/setup-aws.md');
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;

export const TASK_ROLE = role('agentTaskRole');

/** In this order, as some begin as others do. */
const VALUES: readonly (readonly [string, string])[] = [
  ['arn:aws:iam::$ACCOUNT:role/$SERVICE-task', TASK_ROLE],
  ['arn:aws:iam::$ACCOUNT:role/$SERVICE-execution', role('ecsTaskExecutionRole')],
  ['$SERVICE-$ENVIRONMENT', SERVICE],
  ['$ECR_REPOSITORY', REPOSITORY],
  ['$AWS_REGION', REGION],
  ['$ENVIRONMENT', CLUSTER],
  ['$ACCOUNT', ACCOUNT],
  ['$SERVICE', SERVICE],
];

/** The policy of the guide for the service `agent`, as its command sends it. @throws where the guide has none with EcrLogin */
export function readPolicy(): Policy {
  const documents = [...readFileSync(guide, 'utf8').matchAll(/<< END\n(.*?)^END$/gms)].map(([, text]) => text!);
  const found = documents.find((text) => text.includes('"Sid": "EcrLogin"'));
  if (!found) throw new Error(`${guide} has no policy with the statement EcrLogin`);
  return JSON.parse(VALUES.reduce((text, [name, value]) => text.replaceAll(name, value), found)) as Policy;
}
