import type { Agent, Entries } from '../../simulators/agent.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { openCloudRunAgent } from '../../simulators/cloud-run-agent.ts';
import type { ServiceOptions } from '../../simulators/google/run/add-service.ts';
import { type GoogleExchange, recordGoogleExchanges } from './exchanges.ts';

interface Story {
  readonly title: string;
  /** That main or post has to report, so that the story is known to have been told. */
  readonly outcome: string;
  readonly behaviour?: Partial<Behaviour>;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly service?: Partial<ServiceOptions>;
  readonly given?: (agent: Agent) => void;
}

const smokeTests = '- GET /health\n- POST /predict: { json-body: { text: hello }, retry-for: 5s }';
const fails = { answers: { '/predict': { status: 500, body: 'model not found' } } };
const crashes = { crash: { afterMs: 500, exitCode: 3, logs: ["KeyError: 'OPENAI_API_KEY'"] } };
const canary = { strategy: 'canary', steps: '5% for 1m, 25% for 1m' };
const pinned = { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: 'agent-one', percent: 100, tag: 'stable' };

export const actionStories: readonly Story[] = [
  { title: 'a good deploy', outcome: 'deployed' },
  { title: 'a plan', outcome: 'planned', inputs: { mode: 'plan' } },
  { title: 'a canary', outcome: 'deployed', inputs: canary },
  {
    title: 'a canary that goes bad after 40 s',
    outcome: 'rolled-back',
    inputs: canary,
    behaviour: { unhealthyAfterMs: 40_000 },
  },
  { title: 'a smoke test fails', outcome: 'rolled-back', behaviour: fails },
  { title: 'a crash', outcome: 'rolled-back', behaviour: crashes },
  {
    ...{ title: 'pinned traffic, tags and unknown members', outcome: 'deployed', inputs: { strategy: 'blue-green' } },
    service: {
      template: { revision: 'agent-one' },
      traffic: [pinned],
      extras: { labels: { team: 'agents' }, futureServiceField: 1 },
    },
  },
  {
    ...{ title: 'no permission to change the service', outcome: 'refused' },
    given: ({ world }) => world.google.deny('run.services.update'),
  },
];

/** Runs main and post in a world of their own. @throws Error where it ends otherwise than told. */
export async function playActionStory(story: Story, entries: Entries, into: GoogleExchange[]): Promise<void> {
  const agent = await openCloudRunAgent({ entries, ...(story.service ? { service: story.service } : {}) });
  recordGoogleExchanges(agent.world, into);
  story.given?.(agent);
  const image = agent.world.publish('v2', story.behaviour ?? {});
  const { main, post, summary } = await agent.deploy({ image, 'smoke-tests': smokeTests, ...story.inputs });
  await agent.close();
  if (main.outputs['outcome'] === story.outcome || summary.includes(`\`${story.outcome}\``)) return;
  throw new Error(
    `"${story.title}" did not end as ${story.outcome}:\n${main.log.slice(-1_500)}\n${post.log.slice(-800)}`,
  );
}
