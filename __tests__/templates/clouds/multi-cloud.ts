import type { World } from '../../../simulators/world.ts';
import { openOutside } from '../stand-ins/outside.ts';
import { REPOSITORY as ARTIFACT_REPOSITORY, openProject, varsOf as projectVarsOf } from './cloud-run.ts';
import { type Clouds, commonValues } from './clouds.ts';
import { addService, identityOf, REPOSITORY, SERVICE, seedRepository, varsOf } from './ecs.ts';

/** ECS and Cloud Run in staging, and both in production. */
export async function openMultiCloud(asking?: string): Promise<Clouds> {
  const staging = await openBoth('staging', '100000000001', asking);
  const production = await openBoth('production', '100000000002', asking);
  const worldOf = (environment: string | null): World => (environment === 'production' ? production : staging).world;
  return {
    outside: openOutside([staging.world, production.world], [identityOf('staging'), identityOf('production')]),
    values: { ...commonValues, SERVICE, ECR_REPOSITORY: REPOSITORY, ARTIFACT_REPOSITORY },
    varsOf: (environment) => ({ ...varsOf(environment), ...projectVarsOf(worldOf(environment)) }),
    staging: staging.services,
    production: production.services,
    worldOf,
    oidcOf: (environment) => worldOf(environment).github.env,
  };
}

async function openBoth(environment: 'staging' | 'production', projectNumber: string, asking?: string) {
  const { world, service } = await openProject(environment, projectNumber, asking);
  return { world, services: [addService(world, environment, seedRepository(world)), service] };
}
