import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type Call, record } from '../__tests__/setup/record.ts';
import { setupScripts } from '../scripts/setup-scripts.ts';
import { findProgram } from './run-program.ts';
import type { Tally } from './tally.ts';

const REFEREES = path.resolve(import.meta.dirname, '../.referees');
const FOLDERS = [path.join(REFEREES, 'bin'), path.join(REFEREES, 'az/bin')];

/** What a CLI prints that has accepted its arguments and then got no answer, or needs a login first. */
const ACCEPTED: Readonly<Record<string, RegExp>> = {
  aws: /Could not connect to the endpoint URL/,
  // Cloud Run puts the region in front of the host.
  gcloud: /planted refusal|Failed to resolve 'europe-west1-127\.0\.0\.1'/,
  kubectl: /connection refused|was refused/,
  az: /Please run 'az login'|Max retries exceeded|ProxyError/,
};

/** A command with one wrong option, which has to be refused. */
const WRONG: readonly Call[] = [
  { program: 'aws', args: ['ecs', 'create-cluster', '--cluster-nme', 'staging'], input: '' },
  { program: 'aws', args: ['ecs', 'register-task-definition', '--cli-input-json', '{ "family": 3 }'], input: '' },
  { program: 'gcloud', args: ['projects', 'create', 'acme-staging', '--billing', 'B'], input: '' },
  { program: 'kubectl', args: ['create', 'rolebinding', 'deploy', '--roles', 'deploy'], input: '' },
  { program: 'az', args: ['group', 'create', '--name', 'agent', '--locations', 'westeurope'], input: '' },
];

/** A kubeconfig of a cluster that does not answer. */
const CLUSTER = `apiVersion: v1
kind: Config
current-context: planted
clusters: [{ name: planted, cluster: { server: "http://127.0.0.1:9" } }]
contexts: [{ name: planted, context: { cluster: planted } }]
`;

/** The values that the guides ask for. */
const GIVEN = {
  ...{ REPOSITORY: 'acme/agent', ENVIRONMENTS: 'staging', PULL_TOKEN: 'planted', REGISTRY: 'acmeagent' },
  ...{ PROJECT_PREFIX: 'acme-agent', BILLING_ACCOUNT: '012345-6789AB-CDEF01' },
};

/**
 * Gives every command of the guides, with the arguments that the script passes, to the CLI itself, which gets no answer.
 * Each says whether it accepts them; what the cloud would answer, this can't say.
 */
export async function checkSetupCommands(tally: Tally, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, 'kube'), CLUSTER);
  const server = createServer((_, response) => {
    response.writeHead(403, { 'content-type': 'application/json' });
    response.end('{"error":{"code":403,"message":"planted refusal","status":"PERMISSION_DENIED"}}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const env = environment(directory, (server.address() as AddressInfo).port);
    const calls = Object.values(setupScripts).flatMap((script) =>
      [['--apply'], ['--teardown', '--apply']].flatMap((args) => record(script, args, GIVEN).calls),
    );
    for (const program of Object.keys(ACCEPTED)) {
      const file = findProgram(program, FOLDERS) ?? findProgram(program);
      if (!file) {
        tally.skip(`the commands of the guides: ${program}`, 'it is not installed: docs/conformance.md says how');
        continue;
      }
      const own = distinct(calls.filter((call) => call.program === program));
      await tally.check(`${program} accepts the arguments of every command in the guides`, async () => {
        const wrong = await refusals(own, { file, env, directory });
        if (own.length === 0 || wrong.length > 0) throw new Error(wrong.join('\n') || 'there is no command');
        return `${own.length} commands`;
      });
      await tally.check(`${program} refuses a planted mistake`, async () => {
        const planted = WRONG.filter((call) => call.program === program);
        if ((await refusals(planted, { file, env, directory })).length < planted.length) throw new Error('accepted');
        return undefined;
      });
    }
  } finally {
    server.close();
  }
}

function environment(directory: string, port: number): Readonly<Record<string, string>> {
  const apis = ['CLOUDRESOURCEMANAGER', 'CLOUDBILLING', 'SERVICEUSAGE', 'ARTIFACTREGISTRY', 'IAM', 'RUN'];
  return {
    ...{ PATH: process.env['PATH'] ?? '', HOME: directory, KUBECONFIG: path.join(directory, 'kube') },
    ...{ AWS_ACCESS_KEY_ID: 'planted', AWS_SECRET_ACCESS_KEY: 'planted', AWS_DEFAULT_REGION: 'eu-west-1' },
    ...{ AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_MAX_ATTEMPTS: '1' },
    ...{ CLOUDSDK_CONFIG: path.join(directory, 'gcloud'), CLOUDSDK_AUTH_ACCESS_TOKEN: 'planted' },
    ...{ CLOUDSDK_CORE_DISABLE_PROMPTS: '1', CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: '1' },
    ...Object.fromEntries(apis.map((api) => [`CLOUDSDK_API_ENDPOINT_OVERRIDES_${api}`, `http://127.0.0.1:${port}/`])),
    ...{ AZURE_CONFIG_DIR: path.join(directory, 'azure'), AZURE_CORE_COLLECT_TELEMETRY: 'no' },
    // What none of the above stops must not leave the machine.
    ...{ HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' },
  };
}

function distinct(calls: readonly Call[]): readonly Call[] {
  return [...new Map(calls.map((call) => [JSON.stringify([call.args, call.input]), call])).values()];
}

interface Place {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
}

async function refusals(calls: readonly Call[], place: Place): Promise<readonly string[]> {
  const said: string[] = [];
  for (const call of calls) {
    const { program, args } = call;
    const isLocal = program === 'kubectl' && args.includes('config');
    const { exitCode, stderr } = await run(place, args, call.input);
    if ((isLocal && exitCode === 0) || ACCEPTED[program]!.test(stderr)) continue;
    const end = stderr.trim().split('\n').slice(-3).join('\n  ');
    said.push(`${program} ${args.join(' ').slice(0, 160)}\n  ${exitCode}: ${end}`);
  }
  return said;
}

/** Without blocking, as the server answers from this process. */
async function run({ file, env, directory }: Place, args: readonly string[], input: string) {
  // A file: /dev/stdin can't be opened where it is a socket, which is what spawn makes of a pipe.
  await writeFile(path.join(directory, 'input'), input);
  const stdin = await open(path.join(directory, 'input'));
  const child = spawn(file, args, {
    ...{ env, cwd: directory, timeout: 120_000, killSignal: 'SIGKILL' },
    stdio: [stdin.fd, 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [exitCode] = (await once(child, 'close')) as [number | null];
  await stdin.close();
  return { exitCode, stderr };
}
