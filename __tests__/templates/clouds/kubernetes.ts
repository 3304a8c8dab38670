import { snapshotOf } from '../../../simulators/kubernetes/snapshot.ts';
import { openSimulatedStage } from '../../../simulators/kubernetes-agent.ts';
import { setScene } from '../../../simulators/kubernetes-scene.ts';
import { DEPLOYMENT, NAMESPACE, SHOP_HOST } from '../../../simulators/kubernetes-stage.ts';
import { openWorld, type World } from '../../../simulators/world.ts';
import { readRoles } from '../../scenarios/kubernetes-roles.ts';
import { openOutside } from '../stand-ins/outside.ts';
import { type Clouds, commonValues, type LiveService } from './clouds.ts';

/** What the guide tells users of this template to grant. */
const GRANTED = ['deploy', 'deploy-beside'];

/** A cluster for each environment, whose kubeconfig only the jobs of that environment get. */
export async function openKubernetesClouds(asking = 'acme/agent'): Promise<Clouds> {
  const staging = await openCluster('staging', asking);
  const production = await openCluster('production', asking);
  const clusterOf = (environment: string | null) => (environment === 'production' ? production : staging);
  return {
    outside: openOutside([staging.world, production.world], []),
    values: { ...commonValues, WORKLOAD: `deployment/${DEPLOYMENT}` },
    varsOf: (environment) => ({
      KUBERNETES_API_SERVER: clusterOf(environment).world.kubernetes.server,
      ...{ KUBERNETES_NAMESPACE: NAMESPACE, URL: `https://${SHOP_HOST}` },
    }),
    staging: [staging.service],
    production: [production.service],
    worldOf: (environment) => clusterOf(environment).world,
    oidcOf: () => ({}),
    // As `base64 -w0` writes it. Another repository has its own secrets.
    secretsOf: (environment) =>
      asking === 'acme/agent' ? { KUBECONFIG: Buffer.from(clusterOf(environment).kubeconfig).toString('base64') } : {},
  };
}

async function openCluster(environment: string, repository: string) {
  const world = await openWorld({ github: { environment, repository } });
  const stage = await openSimulatedStage(world);
  const roles = readRoles();
  const rules = GRANTED.flatMap((name) => roles.get(name) ?? []);
  await setScene(stage, { image: world.publish('v1', { version: 'v1' }), rules });
  return { world, service: watchService(world), kubeconfig: stage.kubeconfig() };
}

function watchService(world: World): LiveService {
  return {
    snapshot: () => snapshotOf(world.kubernetes, NAMESPACE),
    version: async () => (await world.edge.get(`https://${SHOP_HOST}/`)).body,
  };
}
