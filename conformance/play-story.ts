import type { ChildProcess } from 'node:child_process';
import type { Entries } from '../simulators/agent.ts';
import { openAgentService } from '../simulators/agent-service.ts';
import { type AwsExchange, recordExchanges } from './exchanges.ts';
import type { WireStory } from './wire-stories.ts';

const smokeTests = '- GET /health\n- POST /predict: { json-body: { text: hello }, retry-for: 5s }';

/** Runs main and post in a world of their own. @throws Error where it ends otherwise than told. */
export async function playStory(story: WireStory, entries: Entries, into: AwsExchange[]): Promise<void> {
  const agent = await openAgentService({ entries, ...(story.service ? { service: story.service } : {}) });
  recordExchanges(agent.world, into);
  story.given?.(agent);
  const image = agent.world.publish('v2', story.behaviour ?? {});
  let started = false;
  const onStart = (main: ChildProcess): void => {
    if (started || !story.meanwhile) return;
    started = true;
    const { afterMs, happens } = story.meanwhile;
    void agent.world.clock.sleepUntil(agent.world.clock.now() + afterMs).then(() => happens(agent, main));
  };
  const smoke = agent.url === '' ? {} : { 'smoke-tests': smokeTests };
  const { main, post, summary } = await agent.deploy({ image, ...smoke, ...story.inputs }, { onStart });
  await agent.close();
  if (main.outputs['outcome'] === story.outcome || summary.includes(`\`${story.outcome}\``)) return;
  throw new Error(
    `"${story.title}" did not end as ${story.outcome}:\n${main.log.slice(-1_500)}\n${post.log.slice(-800)}`,
  );
}
