import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Behaviour } from '../../simulators/behaviour.ts';
import type { Clouds } from './clouds/clouds.ts';
import { runWorkflow, type WorkflowResult } from './runner/run-workflow.ts';
import type { Surroundings } from './runner/workflow-run.ts';
import { tokenFor } from './stand-ins/outside.ts';
import { openStandIns } from './stand-ins/stand-ins.ts';

export interface Story {
  /** The project whose repository it is; default `python`. */
  readonly project?: 'python' | 'node';
  /** What the image that is built from this commit does. */
  readonly behaviour?: Partial<Behaviour>;
  readonly vulnerabilities?: readonly string[];
  /** The person who cancels: in which job of production, at the next multiple of this time on the clouds' clock. */
  readonly cancel?: { readonly job: string; readonly everyMs: number };
  readonly surroundings?: Partial<Surroundings>;
  /** Changes the repository before it is pushed. */
  readonly edit?: (folder: string) => void;
}

const projects = path.join(import.meta.dirname, 'projects');

/** Pushes a repository with this workflow and nothing of ours in it, and runs the workflow. */
export async function runTemplate(text: string, clouds: Clouds, story: Story = {}): Promise<WorkflowResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'repository-'));
  try {
    layOut(folder, text, story);
    return await runWorkflow(text, { ...surroundingsOf(folder, clouds, story), ...story.surroundings });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function layOut(folder: string, text: string, story: Story): void {
  cpSync(path.join(projects, story.project ?? 'python'), folder, { recursive: true });
  mkdirSync(path.join(folder, '.github/workflows'), { recursive: true });
  writeFileSync(path.join(folder, '.github/workflows/deploy.yml'), text);
  const { behaviour = {}, vulnerabilities = [] } = story;
  writeFileSync(path.join(folder, 'behaviour.json'), JSON.stringify({ behaviour, vulnerabilities }));
  story.edit?.(folder);
}

function surroundingsOf(repository: string, clouds: Clouds, { cancel }: Story): Surroundings {
  const { outside } = clouds;
  return {
    repository,
    name: 'acme/agent',
    event: { name: 'push', ref: 'refs/heads/main' },
    environmentSecrets: (environment) => clouds.secretsOf?.(environment) ?? {},
    environmentVars: clouds.varsOf,
    standIns: openStandIns(outside, repository),
    network: (environment) => ({
      ...clouds.worldOf(environment).edge.env,
      AWS_EC2_METADATA_DISABLED: 'true',
      SIMULATED_IMAGES: outside.imageFolder,
    }),
    oidc(environment) {
      const { calls } = clouds.worldOf(environment).edge;
      const asked = () => calls.filter(({ operation }) => operation.startsWith('github:')).length;
      return { env: clouds.oidcOf(environment), asked };
    },
    tools: path.join(import.meta.dirname, 'stand-ins/tools/docker'),
    tokenFor,
    approve: () => true,
    onMain(job, _child, run) {
      if (job !== cancel?.job) return;
      const stop = clouds.worldOf('production').clock.every(cancel.everyMs, async () => {
        stop();
        run.cancel();
      });
    },
  };
}
