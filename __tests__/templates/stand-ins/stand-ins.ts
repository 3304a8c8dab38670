import type { StandIn } from '../runner/stand-in.ts';
import { configureAwsCredentials } from './aws.ts';
import { checkout, setupNode, setupPython } from './checkout.ts';
import { buildAndPush, logIn, setupBuildx } from './docker.ts';
import type { Outside } from './outside.ts';
import { attest, trivy } from './supply-chain.ts';

/** All actions of others that our templates use. `repository`: what is checked out. */
export function openStandIns(outside: Outside, repository: string): Readonly<Record<string, StandIn>> {
  return {
    'actions/attest': attest(outside),
    'actions/checkout': checkout(repository),
    'actions/setup-node': setupNode,
    'actions/setup-python': setupPython,
    'aquasecurity/trivy-action': trivy(outside),
    'aws-actions/configure-aws-credentials': configureAwsCredentials(outside),
    'docker/build-push-action': buildAndPush(outside),
    'docker/login-action': logIn,
    'docker/setup-buildx-action': setupBuildx,
  };
}
