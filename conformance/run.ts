import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openWorld } from '../simulators/world.ts';
import { actionEntries } from './action-entries.ts';
import { checkWithAwsCli } from './aws-cli.ts';
import { checkCliWaiter } from './aws-cli-waiter.ts';
import { checkWithAzureClients } from './azure.ts';
import { checkWithBotocore } from './botocore.ts';
import { checkWithDockerRegistry } from './docker-registry.ts';
import type { AwsExchange } from './exchanges.ts';
import { checkGhCommands } from './gh-commands.ts';
import { runGoogle } from './google/run-google.ts';
import { runKubernetes } from './kubernetes/run-kubernetes.ts';
import { checkWithOtlpProtos } from './otlp.ts';
import { playStory } from './play-story.ts';
import { checkProxyForms } from './proxy-forms/curl.ts';
import { findReferees, withReferee } from './referees.ts';
import { runGo } from './run-go.ts';
import { checkSetupCommands } from './setup-commands.ts';
import { checkWithShellcheck } from './shellcheck.ts';
import { checkWithSkopeo } from './skopeo.ts';
import { openTally, type Tally } from './tally.ts';
import { runVerify } from './verify/run-verify.ts';
import { wireStories } from './wire-stories.ts';
import { checkWithZizmor } from './zizmor.ts';

/** Checks the simulated clouds and our copy with third-party programs. `go`: by those built with Go; `google`: by Google's. `kubernetes`: by a real control plane. `setup`: the commands of the guides. `verify`: by gh and cosign. What each can say: docs/conformance.md */
const tally = openTally();
const directory = await mkdtemp(path.join(tmpdir(), 'conformance-'));
try {
  const parts: Readonly<Record<string, typeof runAll>> = {
    ...{ go: runGo, google: runGoogle, kubernetes: runKubernetes, setup: runSetup, verify: runVerify },
  };
  await (parts[process.argv[2] ?? ''] ?? runAll)(tally, directory);
} finally {
  await rm(directory, { recursive: true, force: true });
}
process.exitCode = tally.close() ? 0 : 1;

async function runAll(tally: Tally, directory: string): Promise<void> {
  const { python, aws, skopeo, dockerRegistry, shellcheck, zizmor, curl } = findReferees();
  const exchanges: AwsExchange[] = [];
  // It mostly sleeps, so the others go on meanwhile.
  const waiting = withReferee(tally, "the AWS CLI's waiter", {
    programs: [aws],
    body: (program) => checkCliWaiter({ program, tally, directory, exchanges }),
  });
  await tell(tally, exchanges);
  await withReferee(tally, 'the AWS CLI', {
    programs: [aws],
    body: (program) => checkWithAwsCli({ program, tally, directory, exchanges }),
  });
  await withReferee(tally, 'skopeo', {
    programs: [skopeo],
    body: (program) => checkWithSkopeo({ program, tally, directory: path.join(directory, 'skopeo') }),
  });
  await withReferee(tally, 'docker-registry', {
    programs: [dockerRegistry, skopeo],
    body: (program, looker) =>
      checkWithDockerRegistry({ program, skopeo: looker, tally, directory: path.join(directory, 'registries') }),
  });
  await withReferee(tally, "Microsoft's clients", {
    programs: [python],
    body: (program) => checkWithAzureClients({ program, tally, directory: path.join(directory, 'azure') }),
  });
  await withReferee(tally, "OpenTelemetry's protos", {
    programs: [python],
    body: (program) => checkWithOtlpProtos({ program, tally, directory: path.join(directory, 'otlp') }),
  });
  await withReferee(tally, 'curl', {
    programs: [curl],
    body: (program) => checkProxyForms({ program, tally }),
  });
  await runGoogle(tally, directory);
  await withReferee(tally, 'shellcheck', {
    programs: [shellcheck],
    body: (program) => checkWithShellcheck({ program, tally, directory: path.join(directory, 'shellcheck') }),
  });
  await withReferee(tally, 'zizmor', {
    programs: [zizmor],
    body: (program) => checkWithZizmor({ program, tally, directory: path.join(directory, 'zizmor') }),
  });
  await waiting;
  await withReferee(tally, 'botocore', {
    programs: [python],
    body: async (program) => {
      const { aws: cloud, close } = await openWorld();
      await close();
      await checkWithBotocore({ program, tally, directory, exchanges, operations: cloud.operations });
    },
  });
}

async function runSetup(tally: Tally, directory: string): Promise<void> {
  await checkGhCommands(tally, directory);
  await checkSetupCommands(tally, directory);
}

/** The traffic that botocore checks: runs of the whole action, as SCENARIOS_ON says from src/ (default) or dist/. */
async function tell(tally: Tally, exchanges: AwsExchange[]): Promise<void> {
  const entries = actionEntries();
  await tally.check(`${wireStories.length} runs of the action end as expected, and are recorded`, async () => {
    const wrong: string[] = [];
    for (const story of wireStories) {
      await playStory(story, entries, exchanges).catch((error: unknown) => wrong.push(String(error)));
    }
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
    return `${exchanges.length} exchanges with AWS`;
  });
}
