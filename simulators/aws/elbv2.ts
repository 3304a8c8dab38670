import type { JsonObject } from '../json.ts';
import { AwsError } from './aws-error.ts';
import type { Service, TargetGroup, Task } from './ecs/state.ts';
import { compact, readString, readStrings } from './json.ts';
import type { AwsWorld } from './world.ts';

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html */
export function describeTargetGroups(world: AwsWorld, body: JsonObject): JsonObject {
  const arns = readStrings(body, 'TargetGroupArns');
  const names = readStrings(body, 'Names');
  const loadBalancer = readString(body, 'LoadBalancerArn');
  const found = targetGroups(world).filter(
    ({ arn, name, loadBalancerArn }) =>
      (arns.length === 0 || arns.includes(arn)) &&
      (names.length === 0 || names.includes(name)) &&
      (loadBalancer === null || loadBalancerArn === loadBalancer),
  );
  if (found.length < Math.max(arns.length, names.length)) throw targetGroupNotFound();
  return { TargetGroups: found.map(viewTargetGroup) };
}

export function describeLoadBalancers(world: AwsWorld, body: JsonObject): JsonObject {
  const arns = readStrings(body, 'LoadBalancerArns');
  const names = readStrings(body, 'Names');
  const found = targetGroups(world).filter(
    ({ loadBalancerArn, loadBalancerName }) =>
      (arns.length === 0 || arns.includes(loadBalancerArn)) && (names.length === 0 || names.includes(loadBalancerName)),
  );
  if (found.length < Math.max(arns.length, names.length)) {
    throw new AwsError('LoadBalancerNotFound', 'One or more load balancers not found');
  }
  return { LoadBalancers: found.map((group) => viewLoadBalancer(world, group)) };
}

export function describeListeners(world: AwsWorld, body: JsonObject): JsonObject {
  const arns = readStrings(body, 'ListenerArns');
  const loadBalancer = readString(body, 'LoadBalancerArn');
  const found = targetGroups(world).filter(
    ({ listenerArn, loadBalancerArn }) => arns.includes(listenerArn) || loadBalancerArn === loadBalancer,
  );
  if (found.length === 0 && loadBalancer !== null) {
    throw new AwsError('LoadBalancerNotFound', 'One or more load balancers not found');
  }
  if (found.length < arns.length) throw new AwsError('ListenerNotFound', 'One or more listeners not found');
  return { Listeners: found.map(viewListener) };
}

export function describeTargetHealth(world: AwsWorld, body: JsonObject): JsonObject {
  const arn = readString(body, 'TargetGroupArn');
  const service = world.services.find(({ targetGroup }) => targetGroup?.arn === arn);
  if (!service?.targetGroup || service.staging.targetGroupDeleted) throw targetGroupNotFound();
  const { port } = service.targetGroup;
  return {
    TargetHealthDescriptions: service.tasks
      .filter(({ target }) => target !== 'none')
      .map((task) => ({
        Target: { Id: task.ip, Port: port, AvailabilityZone: `${world.region}a` },
        HealthCheckPort: String(port),
        TargetHealth: viewTargetHealth(task),
      })),
  };
}

/** A registered target's health in the load balancer's words. */
export function viewTargetHealth(task: Task): JsonObject {
  const probe = task.probes.find(({ kind }) => kind === 'target');
  if (task.target === 'draining') {
    const Description = 'Target deregistration is in progress';
    return { State: 'draining', Reason: 'Target.DeregistrationInProgress', Description };
  }
  if (!probe || probe.passes + probe.failures === 0) {
    const Description = 'Target registration is in progress';
    return { State: 'initial', Reason: 'Elb.RegistrationInProgress', Description };
  }
  if (probe.state === 'healthy') return { State: 'healthy' };
  if (probe.state === 'initial') {
    const Description = 'Initial health checks in progress';
    return { State: 'initial', Reason: 'Elb.InitialHealthChecking', Description };
  }
  return compact({ State: 'unhealthy', Reason: probe.failure?.reason, Description: probe.failure?.description });
}

function targetGroups(world: AwsWorld): readonly TargetGroup[] {
  const alive = (service: Service): boolean => !service.staging.targetGroupDeleted;
  return world.services.filter(alive).flatMap(({ targetGroup }) => (targetGroup ? [targetGroup] : []));
}

function targetGroupNotFound(): AwsError {
  return new AwsError('TargetGroupNotFound', 'One or more target groups not found');
}

function viewTargetGroup(group: TargetGroup): JsonObject {
  return {
    TargetGroupArn: group.arn,
    TargetGroupName: group.name,
    Protocol: 'HTTP',
    Port: group.port,
    VpcId: 'vpc-0a1b2c3d',
    HealthCheckProtocol: 'HTTP',
    HealthCheckPort: 'traffic-port',
    HealthCheckEnabled: true,
    HealthCheckIntervalSeconds: group.checkIntervalMs / 1_000,
    HealthCheckTimeoutSeconds: 5,
    HealthyThresholdCount: group.healthyThreshold,
    UnhealthyThresholdCount: group.unhealthyThreshold,
    HealthCheckPath: group.healthCheckPath,
    Matcher: { HttpCode: '200' },
    LoadBalancerArns: [group.loadBalancerArn],
    TargetType: 'ip',
    ProtocolVersion: 'HTTP1',
    IpAddressType: 'ipv4',
  };
}

function viewLoadBalancer(world: AwsWorld, group: TargetGroup): JsonObject {
  return {
    LoadBalancerArn: group.loadBalancerArn,
    DNSName: group.dnsName,
    CanonicalHostedZoneId: 'Z32O12XQLNTSW2',
    CreatedTime: new Date(group.createdAt).toISOString(),
    LoadBalancerName: group.loadBalancerName,
    Scheme: 'internet-facing',
    VpcId: 'vpc-0a1b2c3d',
    State: { Code: 'active' },
    Type: 'application',
    AvailabilityZones: [{ ZoneName: `${world.region}a`, SubnetId: 'subnet-0a1b2c3d', LoadBalancerAddresses: [] }],
    SecurityGroups: ['sg-0a1b2c3d'],
    IpAddressType: 'ipv4',
  };
}

function viewListener(group: TargetGroup): JsonObject {
  const target = { TargetGroupArn: group.arn, Weight: 1 };
  return {
    ListenerArn: group.listenerArn,
    LoadBalancerArn: group.loadBalancerArn,
    Port: group.listenerProtocol === 'HTTPS' ? 443 : 80,
    Protocol: group.listenerProtocol,
    DefaultActions: [{ Type: 'forward', TargetGroupArn: group.arn, ForwardConfig: { TargetGroups: [target] } }],
  };
}
