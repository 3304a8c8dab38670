import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Agent } from '../simulators/agent.ts';
import type { ActionResult } from '../simulators/runner.ts';
import { findChromium, render, THEMES } from './render.ts';
import { type Picture, pictures } from './stories.ts';

/**
 * `npm run pictures`: docs/images, the summaries of real runs of dist/ against the simulated clouds, as GitHub shows them.
 * With names as arguments: only those.
 */
const root = path.resolve(import.meta.dirname, '..');
const images = path.join(root, 'docs/images');
const entries = { main: path.join(root, 'dist/main.js'), post: path.join(root, 'dist/post.js') };
const SMOKE_TESTS = '- GET /health\n- POST /predict: { json-body: { text: hello }, json: { label: greeting } }';
const EVENT = {
  head_commit: {
    id: '9fceb02d0ae598e95dc970b74767f19372d61af8',
    message: 'Answer greetings in the language they came in',
  },
  deployment: { environment: 'production' },
};

const chromium = findChromium();
const directory = await mkdtemp(path.join(tmpdir(), 'pictures-'));
const only = process.argv.slice(2);
try {
  await mkdir(images, { recursive: true });
  for (const picture of pictures.filter(({ name }) => only.length === 0 || only.includes(name))) {
    const markdown = await tell(picture);
    for (const theme of THEMES) {
      const to = path.join(images, `${picture.name}-${theme}.png`);
      await render(markdown, { theme, to, chromium, directory });
      process.stdout.write(`${path.relative(root, to)}\n`);
    }
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}

/** @throws Error where it ends otherwise than the picture is to show */
async function tell({ name, open, story, after, meanwhile, outcome }: Picture): Promise<string> {
  const agent = await open({ entries });
  try {
    if (after) await deploy(agent, after);
    meanwhile?.(agent);
    const { main, post, summary } = await deploy(agent, story);
    if (main.outputs['outcome'] !== outcome && !post.log.includes(`[${outcome}]`)) {
      throw new Error(`${name} did not end as ${outcome}: ${main.log}${post.log}`);
    }
    return summary;
  } finally {
    await agent.close();
  }
}

async function deploy(agent: Agent, story: Picture['story']): Promise<ActionResult> {
  const image = agent.world.publish(story.tag, story.behaviour);
  const event = path.join(directory, 'push.json');
  await writeFile(event, JSON.stringify(EVENT));
  const inputs = { image, 'smoke-tests': SMOKE_TESTS, ...story.inputs };
  const cancelled = story.cancelAfterMs === undefined ? {} : { onMainStart: agent.cancelMain(story.cancelAfterMs) };
  return await agent.deploy(inputs, { env: { GITHUB_EVENT_PATH: event }, ...cancelled });
}
