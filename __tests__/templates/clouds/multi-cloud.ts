import type { World } from '../../../simulators/world.ts';
import { openOutside } from '../stand-ins/outside.ts';
import { REPOSITORY as ARTIFACT_REPOSITORY, openProject, valuesOf as projectValuesOf } from './cloud-run.ts';
import type { Clouds } from './clouds.ts';
import { addService, identityOf, REPOSITORY, SERVICE, seedRepository, valuesOf } from './ecs.ts';

/** ECS and Cloud Run in staging, and both in production. */
export async function openMultiCloud(asking?: string): Promise<Clouds> {
  const staging = await openBoth('staging', '100000000001', asking);
  const production = await openBoth('production', '100000000002', asking);
  const worldOf = (environment: string | null): World => (environment === 'production' ? production : staging).world;
  return {
    outside: openOutside([staging.world, production.world], [identityOf('staging'), identityOf('production')]),
    values: {
      ...valuesOf(),
      ...projectValuesOf('STAGING', staging.world),
      ...projectValuesOf('PRODUCTION', production.world),
      SERVICE,
      ECR_REPOSITORY: REPOSITORY,
      GOOGLE_REGION: staging.world.google.region,
      ARTIFACT_REPOSITORY,
    },
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
