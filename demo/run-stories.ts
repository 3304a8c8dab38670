import type { Agent, Entries } from '../simulators/agent.ts';
import type { Story } from './stories.ts';
import type { StoryEnd, View } from './view.ts';

/** Each cloud runs its stories one after the other in its own simulated world. */
export interface DemoCloud {
  readonly name: string;
  readonly open: (options: { readonly entries: Entries }) => Promise<Agent>;
  readonly stories: readonly Story[];
}

/** Runs the stories and checks each result. False: one ended in another way than it is told. */
export async function runStories(clouds: readonly DemoCloud[], entries: Entries, view: View): Promise<boolean> {
  const startedAt = performance.now();
  const ends: StoryEnd[] = [];
  for (const { name, open, stories } of clouds) {
    const agent = await open({ entries });
    try {
      for (const story of stories) {
        view.begin(name, story);
        const ended = { title: `${name}: ${story.title}`, ...(await runStory(story, agent, view)) };
        ends.push(ended);
        view.end(ended);
      }
    } finally {
      await agent.close();
    }
  }
  view.close(ends, performance.now() - startedAt);
  return ends.every(({ problems }) => problems.length === 0);
}

async function runStory(story: Story, service: Agent, view: View): Promise<Omit<StoryEnd, 'title'>> {
  const { world } = service;
  const begunAt = world.clock.now();
  const before = service.snapshot();
  const visits = service.watch();
  const image = world.publish(story.tag, story.behaviour);
  const cancelMain = (everyMs: number) => ({ onStart: service.cancelMain(everyMs, view.cancelled) });
  const result = await service.deploy(
    {
      image,
      ...story.inputs,
      'smoke-tests': '- GET /health\n- POST /predict: { json-body: { text: hello }, json: { label: greeting } }',
    },
    {
      onOutput: view.output,
      env: { NO_COLOR: view.wantsColours ? '' : '1' },
      ...(story.cancelAfterMs === undefined ? {} : cancelMain(story.cancelAfterMs)),
    },
  );
  visits.stop();
  const { asked, failed } = visits;
  const now = await service.ask();
  const problems = story.check({ result, before, after: service.snapshot(), now, visits });
  return { problems, durationMs: world.clock.now() - begunAt, visits: { asked, failed }, now };
}
