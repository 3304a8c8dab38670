import { type Agent, type Entries, openAgent } from './agent.ts';
import type { ServiceOptions } from './aws/ecs/add-service.ts';
import { withoutAudit } from './aws/snapshot.ts';
import { buildImage } from './images.ts';
import { ECR_HOST, openWorld, SOURCE, type WorldOptions } from './world.ts';

export const CLUSTER = 'production';
export const SERVICE = 'agent';
export const REPOSITORY = 'agent';
export const DOMAIN = 'agent.acme.dev';

export interface AgentServiceOptions extends WorldOptions {
  readonly entries: Entries;
  readonly service?: Partial<ServiceOptions>;
  /** That v1 is built for; default `linux/amd64`. */
  readonly platform?: string;
}

/** The service `agent` on Amazon ECS, which runs v1 from ECR. */
export async function openAgentService(options: AgentServiceOptions): Promise<Agent> {
  const world = await openWorld(options);
  const v1 = buildImage({ seed: 'v1', platform: options.platform ?? 'linux/amd64', behaviour: { version: 'v1' } });
  world.ecr.seed(REPOSITORY, 'v1', v1);
  const service = world.aws.addService({
    cluster: CLUSTER,
    service: SERVICE,
    ...(options.service?.containers ? {} : { image: `${ECR_HOST}/${REPOSITORY}@${v1.digest}` }),
    desiredCount: 2,
    loadBalanced: true,
    customDomains: [DOMAIN],
    ...options.service,
  });
  const url = service.url ? `https://${DOMAIN}` : '';
  return openAgent({
    world,
    url,
    entries: options.entries,
    inputs: { ...usualInputs, ...(url === '' ? {} : { url }) },
    env: world.env,
    snapshot: () => withoutAudit(world.aws.snapshot(CLUSTER, SERVICE)),
  });
}

const usualInputs = {
  target: 'ecs',
  cluster: CLUSTER,
  service: SERVICE,
  'copy-to': `${ECR_HOST}/${REPOSITORY}`,
  'registry-username': SOURCE.username,
  'registry-password': SOURCE.password,
};
