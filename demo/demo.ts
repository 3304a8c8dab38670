import path from 'node:path';
import type { Agent } from '../simulators/agent.ts';
import { openAgentService } from '../simulators/agent-service.ts';
import { openCloudRunAgent } from '../simulators/cloud-run-agent.ts';
import { openContainerAppsAgent } from '../simulators/container-apps-agent.ts';
import { showLog } from './show-log.ts';
import { blueGreenStories, canaryStories, rollingStories, type Story } from './stories.ts';

const dist = path.resolve(import.meta.dirname, '../dist');

const entries = { main: path.join(dist, 'main.js'), post: path.join(dist, 'post.js') };

/** Each on a cloud of its own. */
const acts = [
  { where: 'Amazon ECS', open: openAgentService, stories: rollingStories },
  { where: 'Google Cloud Run', open: openCloudRunAgent, stories: canaryStories },
  { where: 'Azure Container Apps', open: openContainerAppsAgent, stories: blueGreenStories },
];

/** Runs the stories of an act one after the other against the same embedded cloud, and checks how each ended. */
const startedAt = performance.now();
const results: { readonly title: string; readonly problems: readonly string[]; readonly virtualMs: number }[] = [];
for (const { where, open, stories } of acts) {
  const agent = await open({ entries });
  for (const story of stories) {
    const title = `${where}: ${story.title}`;
    process.stdout.write(`\n${'='.repeat(100)}\n${results.length + 1}. ${title}\n   ${story.what}\n\n`);
    const begun = agent.world.clock.now();
    const problems = await tell(story, agent);
    results.push({ title, problems, virtualMs: agent.world.clock.now() - begun });
    for (const problem of problems) process.stdout.write(`   ENDED OTHERWISE: ${problem}\n`);
  }
  await agent.close();
}

process.stdout.write(`\n${'='.repeat(100)}\n`);
for (const { title, problems, virtualMs } of results) {
  const mark = problems.length === 0 ? 'as told  ' : 'OTHERWISE';
  const seconds = `${Math.round(virtualMs / 1_000)} s`.padStart(6);
  process.stdout.write(`${mark} ${seconds} of cloud time   ${title}\n`);
}
const told = results.filter(({ problems }) => problems.length === 0).length;
const wallSeconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
process.stdout.write(`${told} of ${results.length} stories ended as told, in ${wallSeconds} s.\n`);
process.exitCode = told === results.length ? 0 : 1;

async function tell(story: Story, service: Agent): Promise<readonly string[]> {
  const { world } = service;
  const before = service.snapshot();
  const visits = service.watch();
  const image = world.publish(story.tag, story.behaviour);
  const show = showLog();
  const result = await service.deploy(
    {
      image,
      ...story.inputs,
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
