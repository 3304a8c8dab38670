import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { clientSettings } from '../client-settings.ts';
import type { EcsService } from './service.ts';

/** A service and the way to its load balancers. */
export interface BalancedService extends EcsService {
  readonly loadBalancing: ElasticLoadBalancingV2Client;
}

export function openLoadBalancing(ecs: EcsService): BalancedService {
  return { ...ecs, loadBalancing: new ElasticLoadBalancingV2Client(clientSettings(ecs.region, ecs.io)) };
}
