import path from 'node:path';
import type { Subject } from './first-call.ts';

const root = path.resolve(import.meta.dirname, '../..');
const main = path.join(root, 'dist/main.js');

export const bareNode: Subject = { title: 'node -e 0, to its end', entry: null, inputs: {}, env: () => ({}) };

const IMAGE = `ghcr.io/acme/agent@sha256:${'0'.repeat(64)}`;
const awsCredentials = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIASIMULATED0000000',
  AWS_SECRET_ACCESS_KEY: 'simulated/Secret+Access/Key0000000000000',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** One for each target: what its step has in a job whose login step went well. The first call is the target's own. */
export const targets: readonly Subject[] = [
  {
    title: 'deploy-agent, target ecs',
    entry: main,
    inputs: { target: 'ecs', image: IMAGE, cluster: 'production', service: 'agent', url: 'https://agent.acme.dev' },
    env: (server) => ({ ...awsCredentials, HTTPS_PROXY: server }),
  },
];

/**
 * The official action for ECS, where its repository is at hand. It takes no proxy, so it gets the server as its endpoint;
 * its first call registers a task definition.
 */
export function officialEcs(checkout: string, taskDefinition: string): Subject {
  return {
    title: 'aws-actions/amazon-ecs-deploy-task-definition',
    entry: path.join(checkout, 'dist/index.js'),
    inputs: { 'task-definition': taskDefinition, cluster: 'production', service: 'agent' },
    env: (server) => ({ ...awsCredentials, AWS_ENDPOINT_URL: server }),
  };
}
