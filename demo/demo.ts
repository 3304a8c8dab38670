import path from 'node:path';
import type { Agent } from '../simulators/agent.ts';
import { openAgentService } from '../simulators/agent-service.ts';
import { openCloudRunAgent } from '../simulators/cloud-run-agent.ts';
import { openContainerAppsAgent } from '../simulators/container-apps-agent.ts';
import { showLog } from './show-log.ts';
import { blueGreenStories, canaryStories, rollingStories, type Story } from './stories.ts';

const dist = path.resolve(import.meta.dirname, '../dist');

const entries = { main: path.join(dist, 'main.js'), post: path.join(dist, 'post.js') };

/** Each cloud runs its stories in its own simulated world. */
const clouds = [
  { name: 'Amazon ECS', open: openAgentService, stories: rollingStories },
  { name: 'Google Cloud Run', open: openCloudRunAgent, stories: canaryStories },
  { name: 'Azure Container Apps', open: openContainerAppsAgent, stories: blueGreenStories },
];

// Runs the stories of each cloud one after the other against the same simulated cloud, and checks each result.
const startedAt = performance.now();
const results: { readonly title: string; readonly problems: readonly string[]; readonly virtualMs: number }[] = [];
for (const { name, open, stories } of clouds) {
  const agent = await open({ entries });
  for (const story of stories) {
    const title = `${name}: ${story.title}`;
    process.stdout.write(`\n${'='.repeat(100)}\n${results.length + 1}. ${title}\n   ${story.description}\n\n`);
    const begunAt = agent.world.clock.now();
    const problems = await runStory(story, agent);
    results.push({ title, problems, virtualMs: agent.world.clock.now() - begunAt });
    for (const problem of problems) process.stdout.write(`   UNEXPECTED: ${problem}\n`);
  }
  await agent.close();
}

process.stdout.write(`\n${'='.repeat(100)}\n`);
for (const { title, problems, virtualMs } of results) {
  const mark = problems.length === 0 ? 'as expected' : 'UNEXPECTED ';
  const seconds = `${Math.round(virtualMs / 1_000)}s`.padStart(5);
  process.stdout.write(`${mark} ${seconds} of simulated time   ${title}\n`);
}
const passed = results.filter(({ problems }) => problems.length === 0).length;
const wallSeconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
process.stdout.write(`${passed} of ${results.length} stories ended as expected, in ${wallSeconds}s.\n`);
process.exitCode = passed === results.length ? 0 : 1;

async function runStory(story: Story, service: Agent): Promise<readonly string[]> {
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
  process.stdout.write(`\n   during the deployment: ${visits.asked} requests sent, ${visits.failed} failed\n`);
  const now = await service.ask();
  process.stdout.write(`   response of the live service: ${now.status} ${now.body}\n`);
  return story.check({ result, before, after: service.snapshot(), now, visits });
}

function announceCancel(): void {
  process.stdout.write('\n   >> a user clicks "Cancel workflow" <<\n\n');
}
