import { shortName } from '../short-name.ts';

/** Label of what we make beside a Deployment, of its pods, and key in the selector of a Service that is narrowed to them. */
export const COPY_LABEL = 'deploy-agent.dev/canary-of';

/** Condition of a pod that only we set: without it the pod is not ready, so no Service sends it traffic. */
export const GATE = 'deploy-agent.dev/traffic';

/** How a rollout uses its copy: `canary` or `blue-green`; annotation of the copy. */
export const MODE_ANNOTATION = 'deploy-agent.dev/strategy';

const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;

/** Of the second Deployment, and of its Service where a route splits the traffic. */
export function copyName(deployment: string): string {
  return shortName(deployment, LONGEST_NAME - SUFFIX.length) + SUFFIX;
}

const SUFFIX = '-canary';

/** Unique for each Deployment of a namespace. */
export function copyLabel(deployment: string): string {
  return shortName(deployment, LONGEST_LABEL);
}

/** A label's value that no pod of the Deployment has. */
export function otherLabel(value: string): string {
  return shortName(value, LONGEST_LABEL - SUFFIX.length) + SUFFIX;
}
