import type { Service } from '@aws-sdk/client-ecs';
import { DescribeTargetHealthCommand, type TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2';
import { readIfAllowed, readOptional } from '../../../io/read-optional.ts';
import type { DeployError } from '../../../model/errors.ts';
import { listTargetGroups, openLoadBalancing } from './load-balancing.ts';
import { type EcsService, readEcs } from './service.ts';

/** What the load balancer says about targets that are not healthy: one line each. */
export async function listUnhealthyTargets(ecs: EcsService, service: Service): Promise<readonly string[]> {
  const { loadBalancing } = openLoadBalancing(ecs);
  const lines: string[] = [];
  for (const targetGroupArn of listTargetGroups(service)) {
    const command = new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn });
    const call = {
      what: 'read the health of the load balancer’s targets',
      action: 'elasticloadbalancing:DescribeTargetHealth',
    };
    const read = () => readEcs(ecs, call, (options) => loadBalancing.send(command, options));
    const readAllowed = () => readIfAllowed(ecs, 'the targets’ health', read);
    const tell = ({ message }: DeployError): void => void lines.push(message);
    const { TargetHealthDescriptions = [] } = (await readOptional(readAllowed, { without: 'any', tell })) ?? {};
    lines.push(...TargetHealthDescriptions.flatMap(describeTarget));
  }
  return lines;
}

function describeTarget({ Target, TargetHealth }: TargetHealthDescription): readonly string[] {
  const state = TargetHealth?.State;
  if (!state || state === 'healthy' || state === 'draining' || state === 'unused') return [];
  const why = [TargetHealth.Reason, TargetHealth.Description].filter(Boolean).join(': ');
  return [`target ${Target?.Id}:${Target?.Port} is ${state}${why ? ` (${why})` : ''}`];
}
