import { withoutAudit } from '../../../simulators/google/snapshot.ts';
import { buildImage } from '../../../simulators/images.ts';
import { openWorld, type World } from '../../../simulators/world.ts';
import { openOutside } from '../stand-ins/outside.ts';
import { type Clouds, commonValues, type LiveService } from './clouds.ts';

/** The one that the simulated registry has. */
export const REPOSITORY = 'agents';
const SERVICE = 'greeter';

/** A project for each environment, each of which trusts only the jobs of that environment. */
export async function openCloudRunClouds(asking?: string): Promise<Clouds> {
  const staging = await openProject('staging', '100000000001', asking);
  const production = await openProject('production', '100000000002', asking);
  const worldOf = (environment: string | null): World => (environment === 'production' ? production : staging).world;
  return {
    outside: openOutside([staging.world, production.world], []),
    values: { ...commonValues, ARTIFACT_REPOSITORY: REPOSITORY, SERVICE },
    varsOf: (environment) => varsOf(worldOf(environment)),
    staging: [staging.service],
    production: [production.service],
    worldOf,
    oidcOf: (environment) => worldOf(environment).github.env,
  };
}

/** `asking`: the repository whose jobs ask for an identity; default the trusted one. */
export async function openProject(environment: string, projectNumber: string, asking = 'acme/agent') {
  const project = `greeter-${environment}`;
  const trustedSubject = new RegExp(`^repo:acme/agent:environment:${environment}$`);
  const world = await openWorld({
    google: { project, projectNumber, trustedSubject },
    github: { environment, repository: asking },
  });
  return { world, service: addService(world) };
}

export function varsOf({ google }: World): Readonly<Record<string, string>> {
  return {
    GOOGLE_PROJECT: google.project,
    GOOGLE_REGION: google.region,
    GOOGLE_PROVIDER: google.workloadIdentityProvider,
    GOOGLE_ACCOUNT: google.serviceAccount,
  };
}

function addService(world: World): LiveService {
  const v1 = buildImage({ seed: 'v1', behaviour: { version: 'v1' } });
  const name = `${world.google.project}/${REPOSITORY}/agent`;
  world.artifactRegistry.seed(name, 'v1', v1);
  const image = `${world.google.region}-docker.pkg.dev/${name}@${v1.digest}`;
  const { url } = world.google.addService({ service: SERVICE, image });
  return {
    snapshot: () => withoutAudit(world.google.snapshot(SERVICE)),
    version: async () => (await world.edge.get(`${url}/`)).body,
  };
}
