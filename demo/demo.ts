import path from 'node:path';
import type { Agent } from '../simulators/agent.ts';
import { openAgentService } from '../simulators/agent-service.ts';
import { showLog } from './show-log.ts';
import { type Story, stories } from './stories.ts';

const dist = path.resolve(import.meta.dirname, '../dist');

/** Runs the stories one after the other against the same embedded cloud, and checks how each ended. */
const startedAt = performance.now();
const agent = await openAgentService({
  entries: { main: path.join(dist, 'main.js'), post: path.join(dist, 'post.js') },
});
const results: { readonly story: Story; readonly problems: readonly string[]; readonly virtualMs: number }[] = [];
for (const [index, story] of stories.entries()) {
  process.stdout.write(`\n${'='.repeat(100)}\n${index + 1}. ${story.title}\n   ${story.what}\n\n`);
  const begun = agent.world.clock.now();
  const problems = await tell(story, agent);
  results.push({ story, problems, virtualMs: agent.world.clock.now() - begun });
  for (const problem of problems) process.stdout.write(`   ENDED OTHERWISE: ${problem}\n`);
}
await agent.close();

process.stdout.write(`\n${'='.repeat(100)}\n`);
for (const { story, problems, virtualMs } of results) {
  const mark = problems.length === 0 ? 'as told  ' : 'OTHERWISE';
  const seconds = `${Math.round(virtualMs / 1_000)} s`.padStart(6);
  process.stdout.write(`${mark} ${seconds} of cloud time   ${story.title}\n`);
}
const told = results.filter(({ problems }) => problems.length === 0).length;
const wallSeconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
process.stdout.write(`${told} of ${stories.length} stories ended as told, in ${wallSeconds} s.\n`);
process.exitCode = told === stories.length ? 0 : 1;

async function tell(story: Story, service: Agent): Promise<readonly string[]> {
  const { world } = service;
  const before = service.snapshot();
  const visits = service.watch();
  const image = world.publish(story.tag, story.behaviour);
  const show = showLog();
  const result = await service.deploy(
    {
      image,
      'smoke-tests': '- GET /health\n- POST /predict: { json-body: { text: hello }, json: { label: greeting } }',
    },
    {
      onOutput: show,
      ...(story.cancelAfterMs === undefined
        ? {}
        : { onStart: service.cancelMain(story.cancelAfterMs, announceCancel) }),
    },
  );
  visits.stop();
  process.stdout.write(`\n   a visitor asked ${visits.asked} times meanwhile: ${visits.failed} requests failed\n`);
  const now = await service.ask();
  process.stdout.write(`   the live service answers: ${now.status} ${now.body}\n`);
  return story.check({ result, before, after: service.snapshot(), now, visits });
}

function announceCancel(): void {
  process.stdout.write('\n   >> somebody presses "Cancel workflow" <<\n\n');
}
