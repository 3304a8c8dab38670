import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type KubernetesAgent, openKubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { actionEntries } from '../action-entries.ts';
import { type ProgramResult, runProgram } from '../run-program.ts';
import type { Tally } from '../tally.ts';
import { withoutChance } from './compare-answers.ts';
import type { Connection } from './control-plane.ts';
import { openRealKubernetesAgent } from './real-agent.ts';
import { ScaledClock } from './scaled-clock.ts';

const WEB = 'deployment/web';

/** In this order, on both. `v1`, `v2` and `none` stand for images. */
const COMMANDS: readonly string[] = [
  `get ${WEB} -o json`,
  `rollout status ${WEB} --timeout=60s`,
  `rollout history ${WEB}`,
  `set image ${WEB} web=v2`,
  `rollout status ${WEB} --timeout=60s`,
  `annotate ${WEB} kubernetes.io/change-cause=second`,
  `rollout history ${WEB}`,
  `set image ${WEB} web=v2`,
  `rollout undo ${WEB}`,
  `rollout status ${WEB} --timeout=60s`,
  `rollout history ${WEB}`,
  `get ${WEB} -o json`,
  `set image ${WEB} web=none`,
  `rollout status ${WEB} --timeout=6s`,
  'get pods -o jsonpath={.items[*].status.containerStatuses[*].state.waiting.reason}',
  `rollout undo ${WEB}`,
  `rollout status ${WEB} --timeout=60s`,
  `rollout undo ${WEB} --to-revision=99`,
  `rollout pause ${WEB}`,
  `set image ${WEB} web=v2`,
  `rollout undo ${WEB}`,
  `rollout resume ${WEB}`,
  `rollout status ${WEB} --timeout=60s`,
  `scale ${WEB} --replicas=1`,
  `rollout status ${WEB} --timeout=60s`,
  `set image ${WEB} wbe=v1`,
  `rollout status deployment/none`,
  'get endpointslices -o jsonpath={.items[*].endpoints[?(@.conditions.ready==true)].conditions.ready}',
  'get pods --field-selector=status.phase=Running -o jsonpath={.items[*].spec.containers[0].image}',
  `label ${WEB} tier=front`,
  `patch ${WEB} --type=json -p=[{"op":"test","path":"/spec/replicas","value":9}]`,
  `get --raw /api/v1/namespaces/shop/services/web:80/proxy/`,
  `delete ${WEB}`,
  `get ${WEB}`,
];

/** The real kubectl says the same of the simulated cluster as of a real one, and leaves them in the same state. */
export async function compareKubectl(program: string, connection: Connection, tally: Tally): Promise<void> {
  await tally.check(`${COMMANDS.length} commands of kubectl end and print as on a real cluster`, async () => {
    const entries = actionEntries();
    const real = await openRealKubernetesAgent({ entries }, connection);
    const simulated = await openKubernetesAgent({ entries });
    const stop = new ScaledClock(1).move(simulated.world.clock);
    const wrong: string[] = [];
    try {
      const [onReal, onSimulated] = await Promise.all([openKubectl(program, real), openKubectl(program, simulated)]);
      for (const command of COMMANDS) {
        const [one, other] = await Promise.all([onReal.run(command), onSimulated.run(command)]);
        if (one !== other) wrong.push(`kubectl ${command}\nreal: ${one}\nsimulated: ${other}`);
      }
      await Promise.all([onReal.close(), onSimulated.close()]);
    } finally {
      await stop();
      await simulated.close();
      await real.close();
    }
    if (wrong.length > 0) throw new Error(`\n${wrong.join('\n')}`);
    return undefined;
  });
}

async function openKubectl(program: string, { stage, world }: KubernetesAgent) {
  const home = await mkdtemp(path.join(tmpdir(), 'kubectl-'));
  const file = path.join(home, 'config');
  await writeFile(file, stage.kubeconfig('admin'), { mode: 0o600 });
  const { NODE_OPTIONS: _, SIM_CLOCK_PORT: __, ...env } = world.edge.env;
  const images = { v1: world.publish('v1', {}), v2: world.publish('v2', {}), none: 'ghcr.io/acme/agent:none' };
  return {
    async run(command: string): Promise<string> {
      const args = command.split(' ').map((word) => {
        const [name = '', image = ''] = word.split('=');
        return Object.hasOwn(images, image) ? `${name}=${images[image as keyof typeof images]}` : word;
      });
      const words = ['kubectl', ...args];
      return shown(await runProgram(program, words, { env: { ...env, HOME: home, KUBECONFIG: file } }), command);
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}

/** Progress; and that a watch has ended early, which those of the simulator do with their first news. */
const BY_CHANCE = /^Waiting for|^I\d{4} .*reflector\.go.*watch ended/;

/** What somebody who calls it goes by. How far a rollout has come between its beginning and its end is a matter of chance. */
function shown({ exitCode, stdout, stderr }: ProgramResult, command: string): string {
  if (command.endsWith('-o json')) return JSON.stringify([exitCode, withoutChance(JSON.parse(stdout)), stderr]);
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line !== '' && !BY_CHANCE.test(line));
  return JSON.stringify([exitCode, withoutChance(lines)]);
}
