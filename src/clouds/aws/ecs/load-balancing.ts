import type { Service } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { clientSettings } from '../client-settings.ts';
import type { EcsService } from './service.ts';

/** A service, and the client for its load balancers. */
export interface BalancedService extends EcsService {
  readonly loadBalancing: ElasticLoadBalancingV2Client;
}

export function openLoadBalancing(ecs: EcsService): BalancedService {
  return { ...ecs, loadBalancing: new ElasticLoadBalancingV2Client(clientSettings(ecs.region, ecs.io)) };
}

/** ARNs, of all the service's load balancers; a blue/green service has two groups for each. */
export function listTargetGroups(service: Service): readonly string[] {
  const arns = (service.loadBalancers ?? []).flatMap(({ targetGroupArn, advancedConfiguration }) => [
    targetGroupArn,
    advancedConfiguration?.alternateTargetGroupArn,
  ]);
  return [...new Set(arns.filter((arn) => arn !== undefined))];
}
