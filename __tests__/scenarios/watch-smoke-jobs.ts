import { type JsonObject, objectsAt, textAt } from '../../simulators/json.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { NAMESPACE, paths } from '../../simulators/kubernetes-stage.ts';

export const JOBS = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`;
const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`;

/** What there is of smoke tests in the cluster, a moment later: Jobs, their Secrets and their pods. */
export async function smokeTestsLeft({ stage }: KubernetesAgent): Promise<readonly string[]> {
  await stage.pass(2_000);
  const lists = await Promise.all([JOBS, SECRETS, paths.pods].map((path) => stage.expect(path)));
  const names = lists.flatMap((list) => objectsAt(list, 'items')).map((one) => textAt(one, 'metadata', 'name'));
  return names.filter((name) => name.includes('smoke'));
}

/** Jobs as they were created, in order; dry runs aside. */
export function watchJobs({ world }: KubernetesAgent): readonly { readonly job: JsonObject; readonly text: string }[] {
  const seen: { job: JsonObject; text: string }[] = [];
  world.edge.onExchange(({ operation, request, answer }) => {
    if (operation !== 'kubernetes:create jobs' || answer.status !== 201) return;
    if (request.url.searchParams.has('dryRun')) return;
    const text = String(request.body);
    seen.push({ job: JSON.parse(text) as JsonObject, text });
  });
  return seen;
}
