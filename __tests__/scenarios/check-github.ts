import { checkExchange } from '../../conformance/github/check-exchange.ts';
import type { Agent } from '../../simulators/agent.ts';

/** Compares what GitHub was asked, and what it answered, with GitHub's own description of its API. */
export function openGitHubCheck() {
  const contradictions: string[] = [];
  const operations = new Set<string>();
  return {
    /** Found since it was asked last. */
    takeContradictions: () => contradictions.splice(0),
    /** Names of those that were compared: `ListDeployments`. */
    operations,
    watch<A extends Agent>(agent: A): A {
      agent.world.edge.onExchange(({ operation, request: { method, url, body }, answer }) => {
        if (url.host !== 'api.github.com') return;
        operations.add(operation.replace('github:', ''));
        const exchange = { method, path: url.pathname, query: url.searchParams, status: answer.status };
        const parsed = {
          body: body.length > 0 ? JSON.parse(String(body)) : undefined,
          answer: JSON.parse(String(answer.body)),
        };
        contradictions.push(...checkExchange({ ...exchange, ...parsed }));
      });
      return agent;
    },
  };
}
