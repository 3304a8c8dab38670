import { readFileSync } from 'node:fs';
import { test } from '@jest/globals';
import type { Connection } from '../../conformance/kubernetes/control-plane.ts';
import { openRealKubernetesAgent } from '../../conformance/kubernetes/real-agent.ts';
import {
  type KubernetesAgent,
  type KubernetesAgentOptions,
  openKubernetesAgent,
} from '../../simulators/kubernetes-agent.ts';
import { givenOn } from './agent.ts';

/** A file with a Connection: scenarios run on the control plane that it leads to. conformance/kubernetes/ starts it. */
const connectionFile = process.env['KUBERNETES_CONTROL_PLANE'];
/** How many times as fast as that control plane everything else lives there. */
const timeFactor = Number(process.env['KUBERNETES_TIME_FACTOR'] ?? '1');

/** A Deployment `web` on Kubernetes that runs v1 with three replicas. */
export function givenKubernetes(options: Partial<KubernetesAgentOptions> = {}): Promise<KubernetesAgent> {
  if (!connectionFile) return givenOn(openKubernetesAgent, options);
  const connection = JSON.parse(readFileSync(connectionFile, 'utf8')) as Connection;
  return givenOn((given: KubernetesAgentOptions) => openRealKubernetesAgent(given, connection, timeFactor), options);
}

/** `test`; on a control plane one that is skipped, and says why. */
export function onSimulatorOnly(why: string): typeof test {
  if (!connectionFile) return test;
  process.stdout.write(`on the simulator only: ${why}\n`);
  return test.skip as typeof test;
}
