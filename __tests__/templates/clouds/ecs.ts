import { withoutAudit } from '../../../simulators/aws/snapshot.ts';
import { buildImage } from '../../../simulators/images.ts';
import { ACCOUNT, ECR_HOST, openWorld, REGION, type World } from '../../../simulators/world.ts';
import { type Identity, openOutside } from '../stand-ins/outside.ts';
import { type Clouds, commonValues, type LiveService } from './clouds.ts';

export const REPOSITORY = 'greeter-images';
export const SERVICE = 'greeter';
const DOMAINS = { staging: 'staging.greeter.dev', production: 'greeter.dev' };

/** One account with two clusters, and a role for each that trusts one environment of one repository. */
export async function openEcsClouds(): Promise<Clouds> {
  const world = await openWorld();
  const digest = seedRepository(world);
  return {
    outside: openOutside([world], [identityOf('staging'), identityOf('production')]),
    values: { ...commonValues, ECR_REPOSITORY: REPOSITORY, SERVICE },
    varsOf,
    staging: [addService(world, 'staging', digest)],
    production: [addService(world, 'production', digest)],
    worldOf: () => world,
    oidcOf: () => ({}),
  };
}

export function identityOf(environment: keyof typeof DOMAINS): Identity {
  const name = `arn:aws:iam::${ACCOUNT}:role/greeter-${environment}`;
  return { name, subject: `repo:acme/agent:environment:${environment}` };
}

export function varsOf(environment: string): Readonly<Record<string, string>> {
  return {
    AWS_ACCOUNT: ACCOUNT,
    AWS_REGION: REGION,
    AWS_ROLE: identityOf(environment as keyof typeof DOMAINS).name,
    ECS_CLUSTER: `greeter-${environment}`,
    URL: `https://${DOMAINS[environment as keyof typeof DOMAINS]}`,
  };
}

/** Returns the digest of v1, which is in it. */
export function seedRepository(world: World): string {
  const v1 = buildImage({ seed: 'v1', behaviour: { version: 'v1' } });
  world.ecr.seed(REPOSITORY, 'v1', v1);
  return v1.digest;
}

export function addService(world: World, environment: keyof typeof DOMAINS, digest: string): LiveService {
  const cluster = `greeter-${environment}`;
  world.aws.addService({
    cluster,
    service: SERVICE,
    family: cluster,
    image: `${ECR_HOST}/${REPOSITORY}@${digest}`,
    desiredCount: 2,
    loadBalanced: true,
    customDomains: [DOMAINS[environment]],
  });
  return {
    snapshot: () => withoutAudit(world.aws.snapshot(cluster, SERVICE)),
    version: async () => (await world.edge.get(`https://${DOMAINS[environment]}/`)).body,
  };
}
