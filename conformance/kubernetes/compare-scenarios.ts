import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runProgram } from '../run-program.ts';
import type { Tally } from '../tally.ts';

const root = path.resolve(import.meta.dirname, '../..');
/**
 * How many times as fast as the control plane everything else lives; in real time they take some four hours. Slower where
 * seconds count, or where requests are sent all the time.
 */
const TIME_FACTOR = 10;
const TIME_FACTORS = [
  { files: /-failures\.test/, factor: 3 },
  { files: /-(?:blue-green|canary|no-request)/, factor: 5 },
];
/** Of all files together, on a machine that does other things too. */
const LONGEST_RUN_MS = 90 * 60_000;

/** SIGKILL at every call is a matter of its own: kill-by-sample.ts. */
const LEFT_OUT = /-kill\.test/;

interface Verdict {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'pending';
  /** Why it failed. */
  readonly message: string;
}

/**
 * The scenarios of Kubernetes, on the simulator and then on the control plane: the same verdict for each, file by file. One
 * that ends otherwise on the faster clock is played once more in real time, and that counts. `only`: parts of the names of
 * files; []: all.
 */
export async function compareScenarios(connectionFile: string, tally: Tally, only: readonly string[]): Promise<void> {
  const deadline = Date.now() + LONGEST_RUN_MS;
  const totals = { same: 0, all: 0, simulated: 0 };
  const files = (await findFiles()).filter((file) => only.length === 0 || only.some((part) => file.includes(part)));
  for (const file of files) {
    await tally.check(`${path.basename(file)} ends on the control plane as on the simulator`, async () => {
      const simulated = await play(file, { deadline });
      const real = await playOnReal(file, connectionFile, deadline);
      const played = real.filter(({ status }) => status !== 'pending');
      const wrong = played.filter(({ name, status }) => status !== 'passed' || !hasPassed(simulated, name));
      totals.same += played.length - wrong.length;
      totals.all += played.length;
      totals.simulated += real.length - played.length;
      if (real.length !== simulated.length || real.length === 0)
        throw new Error(`${simulated.length} scenarios on the simulator, ${real.length} on the control plane`);
      if (wrong.length > 0) throw new Error(`\n${wrong.map(({ name, message }) => `${name}\n${message}`).join('\n')}`);
      return `${played.length} of ${played.length}`;
    });
  }
  await tally.check('all scenarios', async () => {
    const text = `${totals.same} of ${totals.all} scenarios: same verdict; ${totals.simulated} on the simulator only`;
    if (totals.same < totals.all || totals.all === 0) throw new Error(text);
    return text;
  });
}

async function findFiles(): Promise<readonly string[]> {
  const ofSimulator = ['kubernetes-rollout', 'kubernetes-sets'].map((name) => `unit/simulators/${name}.test.ts`);
  const names = await readdir(path.join(root, '__tests__/scenarios'));
  const scenarios = names.filter((name) => /^kubernetes-.*\.test\.ts$/.test(name) && !LEFT_OUT.test(name));
  return [...ofSimulator, ...scenarios.map((name) => `scenarios/${name}`)];
}

async function playOnReal(file: string, connectionFile: string, deadline: number): Promise<readonly Verdict[]> {
  const env = { KUBERNETES_CONTROL_PLANE: connectionFile };
  const factor = TIME_FACTORS.find(({ files }) => files.test(file))?.factor ?? TIME_FACTOR;
  const fast = await play(file, { deadline, env: { ...env, KUBERNETES_TIME_FACTOR: String(factor) } });
  const failed = fast.filter(({ status }) => status === 'failed').map(({ name }) => name);
  if (failed.length === 0) return fast;
  const again = await play(file, { deadline, env, names: failed });
  return fast.map((verdict) => (verdict.status === 'failed' ? (find(again, verdict.name) ?? verdict) : verdict));
}

function find(verdicts: readonly Verdict[], wanted: string): Verdict | undefined {
  return verdicts.find(({ name, status }) => name === wanted && status !== 'pending');
}

function hasPassed(verdicts: readonly Verdict[], name: string): boolean {
  return find(verdicts, name)?.status === 'passed';
}

interface Play {
  readonly deadline: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Absent: all of the file. */
  readonly names?: readonly string[];
}

async function play(file: string, { deadline, env, names = [] }: Play): Promise<readonly Verdict[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'verdicts-'));
  const report = path.join(directory, 'verdicts.json');
  // jest itself, so that the end of its time ends it.
  const jest = path.join(root, 'node_modules/jest/bin/jest.js');
  const flags = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    jest,
    `--config=${path.join(root, 'jest.config.js')}`,
  ];
  const which = names.length > 0 ? [`--testNamePattern=^(?:${names.map(escaped).join('|')})$`] : [];
  const args = [...flags, file, ...which, '--runInBand', '--testTimeout=900000', '--json', `--outputFile=${report}`];
  const timeoutMs = deadline - Date.now();
  try {
    if (timeoutMs <= 0) throw new Error(`the ${LONGEST_RUN_MS / 60_000} minutes for all scenarios are over`);
    await runProgram(process.execPath, args, { env: { ...env, HOME: directory }, timeoutMs });
    const { testResults } = JSON.parse(await readFile(report, 'utf8')) as Report;
    return testResults.flatMap(({ assertionResults }) => assertionResults).map(toVerdict);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function escaped(name: string): string {
  return name.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}

function toVerdict({ fullName, status, failureMessages }: Assertion): Verdict {
  const message = (failureMessages[0] ?? '').slice(0, 1_000);
  return { name: fullName, status: status === 'passed' || status === 'failed' ? status : 'pending', message };
}

interface Assertion {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly Assertion[] }[];
}
