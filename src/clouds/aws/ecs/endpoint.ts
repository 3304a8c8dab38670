import type { Service } from '@aws-sdk/client-ecs';
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  type Listener,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { readIfAllowed } from '../../../io/read-optional.ts';
import { type Endpoint, openEndpoint } from '../../../model/endpoint.ts';
import { type BalancedService, listTargetGroups, openLoadBalancing } from './load-balancing.ts';
import { type EcsService, readEcs } from './service.ts';

/**
 * The service's address where there is no doubt about it: one load balancer with one plain HTTP listener that leads to
 * the service. HTTPS needs the name that is on the certificate, which AWS does not tell. null: give the input `url`.
 */
export async function findEndpoint(ecs: EcsService, service: Service): Promise<Endpoint | null> {
  const targetGroups = listTargetGroups(service);
  if (targetGroups.length === 0) return null;
  const balanced = openLoadBalancing(ecs);
  return readIfAllowed(ecs, 'finding the service’s URL', async () => {
    const loadBalancer = await findOnlyLoadBalancer(balanced, targetGroups);
    if (!loadBalancer) return null;
    const [listener, ...others] = await listPlainListeners(balanced, loadBalancer, targetGroups);
    if (!listener || others.length > 0) return null;
    const host = await findHostName(balanced, loadBalancer);
    const port = listener.Port === 80 ? '' : `:${listener.Port}`;
    return host ? openEndpoint(`http://${host}${port}`) : null;
  });
}

async function findOnlyLoadBalancer(ecs: BalancedService, targetGroups: readonly string[]): Promise<string | null> {
  const command = new DescribeTargetGroupsCommand({ TargetGroupArns: [...targetGroups] });
  const action = 'elasticloadbalancing:DescribeTargetGroups';
  const call = { what: 'read the target groups', action, holds: ['TargetGroups'] };
  const { TargetGroups = [] } = await readEcs(ecs, call, (options) => ecs.loadBalancing.send(command, options));
  const arns = [...new Set(TargetGroups.flatMap(({ LoadBalancerArns = [] }) => LoadBalancerArns))];
  return arns.length === 1 ? (arns[0] ?? null) : null;
}

async function listPlainListeners(
  ecs: BalancedService,
  loadBalancer: string,
  targetGroups: readonly string[],
): Promise<readonly Listener[]> {
  const command = new DescribeListenersCommand({ LoadBalancerArn: loadBalancer });
  const call = { what: 'read the listeners', action: 'elasticloadbalancing:DescribeListeners' };
  const { Listeners = [] } = await readEcs(ecs, call, (options) => ecs.loadBalancing.send(command, options));
  return Listeners.filter((listener) => listener.Protocol === 'HTTP' && leadsTo(listener, targetGroups));
}

/** Port 80 is often only a redirect to HTTPS, or another service's. */
function leadsTo({ DefaultActions = [] }: Listener, targetGroups: readonly string[]): boolean {
  const groups = DefaultActions.flatMap(({ TargetGroupArn, ForwardConfig }) => [
    TargetGroupArn,
    ...(ForwardConfig?.TargetGroups ?? []).map((group) => group.TargetGroupArn),
  ]);
  return groups.some((arn) => arn !== undefined && targetGroups.includes(arn));
}

async function findHostName(ecs: BalancedService, loadBalancer: string): Promise<string | null> {
  const command = new DescribeLoadBalancersCommand({ LoadBalancerArns: [loadBalancer] });
  const action = 'elasticloadbalancing:DescribeLoadBalancers';
  const call = { what: 'read the load balancer', action, holds: ['LoadBalancers'] };
  const { LoadBalancers = [] } = await readEcs(ecs, call, (options) => ecs.loadBalancing.send(command, options));
  return LoadBalancers[0]?.DNSName ?? null;
}
