import path from 'node:path';
import type { Agent, Entries } from '../../simulators/agent.ts';
import { openAgentService } from '../../simulators/agent-service.ts';
import { openCloudRunAgent } from '../../simulators/cloud-run-agent.ts';
import { openContainerAppsAgent } from '../../simulators/container-apps-agent.ts';
import { openKubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { runStage } from '../../simulators/runner.ts';
import type { Subject } from './first-call.ts';

const dist = path.resolve(import.meta.dirname, '../../dist');
const entries: Entries = { main: path.join(dist, 'main.js'), post: path.join(dist, 'post.js') };

/** Each target's step as in a job whose login step went well. The first call is the login's or the target's own. */
export const targets: readonly Subject[] = [
  ofTarget('ecs', () => openAgentService({ entries })),
  ofTarget('cloud-run', () => openCloudRunAgent({ entries })),
  ofTarget('container-apps', () => openContainerAppsAgent({ entries })),
  ofTarget('kubernetes', () => openKubernetesAgent({ entries })),
];

function ofTarget(name: string, open: () => Promise<Agent>): Subject {
  return {
    title: `deploy-agent, target ${name}`,
    async run(server, onStart) {
      const agent = await open();
      const image = `ghcr.io/acme/agent@sha256:${'0'.repeat(64)}`;
      // Real time, and no simulated cloud in between.
      const proxy = { HTTP_PROXY: server, HTTPS_PROXY: server, http_proxy: server, https_proxy: server };
      const env = { ...proxy, NODE_OPTIONS: '' };
      // There is nothing to finish.
      const afterMain = (): never => {
        throw new Error('main is enough');
      };
      return await agent.deploy({ image }, { env, onStart, afterMain }).finally(() => agent.close());
    },
  };
}

/**
 * The official action for ECS, where its repository is at hand. It takes no proxy, so it gets the server as its endpoint;
 * its first call registers a task definition.
 */
export function officialEcs(checkout: string, taskDefinition: string): Subject {
  return {
    title: 'aws-actions/amazon-ecs-deploy-task-definition',
    run: (server, onStart) =>
      runStage({
        entry: path.join(checkout, 'dist/index.js'),
        inputs: { 'task-definition': taskDefinition, cluster: 'production', service: 'agent' },
        env: {
          AWS_ENDPOINT_URL: server,
          AWS_REGION: 'eu-west-1',
          AWS_ACCESS_KEY_ID: 'AKIASIMULATED0000000',
          AWS_SECRET_ACCESS_KEY: 'simulated/Secret+Access/Key0000000000000',
        },
        onStart,
      }),
  };
}
