import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Call, record } from '../__tests__/setup/record.ts';
import { setupScripts } from '../scripts/setup-scripts.ts';
import { type GitHubDouble, openGitHubDouble, type Sent } from './github/double.ts';
import { type DocumentCommand, readGhCommands } from './github/read-gh-commands.ts';
import { findReferees, withReferee } from './referees.ts';
import { findProgram, runProgram } from './run-program.ts';
import type { Tally } from './tally.ts';

/** The values that the guides ask for, and what the examples leave to their reader. */
const GIVEN = {
  ...{
    REPOSITORY: 'acme/agent',
    REVIEWER: 'ann',
    PULL_TOKEN: 'planted',
    REGISTRY: 'acmeagent',
    ACCOUNT: '123456789012',
  },
  ...{ PROJECT_PREFIX: 'acme-agent', BILLING_ACCOUNT: '012345-6789AB-CDEF01', file: 'main.js', TOKEN: 'planted' },
};

/** Commands with one mistake each, which have to be refused: a flag, a command, an expression of jq, a body, a path. */
const WRONG: readonly (readonly [args: readonly string[], input: string])[] = [
  [['variable', 'set', 'A', '--repository', 'acme/agent', '--body', 'b'], ''],
  [['workflow', 'start', 'deploy-only.yml'], ''],
  [['api', 'users/ann', '--jq', '.id |'], ''],
  [['api', '--method', 'PUT', 'repos/acme/agent/environments/staging', '--input', '-'], '{ "reviewer": [] }'],
  [['api', '--method', 'POST', 'repos/acme/agent/environments/staging/branch-policies', '--field', 'name=main'], ''],
];

/** The same for other documents, where it is run as it would be pasted, or looked up: a flag, and commands. */
const WRONG_IN_DOCUMENTS: readonly DocumentCommand[] = [
  { text: 'gh attestation verify main.js --repo acme/agent --signer-work acme/agent/x.yml', isMention: false },
  { text: 'gh attestation check main.js --repo acme/agent', isMention: false },
  { text: 'gh workflow run deploy-only.yml --fields version=1', isMention: false },
  { text: 'gh attestation fetch', isMention: true },
].map((wrong) => ({ ...wrong, where: 'planted' }));

/** `gh attestation` asks hosts that are not GitHub's API: it is accepted where it says that it got no answer. */
const NO_ANSWER =
  /proxyconnect|connection refused|failed to (?:fetch|download|create TUF)|error connecting|no valid Sigstore verifiers/i;

/**
 * Gives every command of gh in the guides and documents to gh itself. What it then sends is answered by a double, on a socket
 * of this machine, and has to be as GitHub describes its API.
 */
export async function checkGhCommands(tally: Tally, directory: string): Promise<void> {
  const gh = findReferees().gh ?? findProgram('gh');
  await withReferee(tally, 'the commands of the guides: gh', {
    programs: [gh],
    body: async (program) => {
      const double = await openGitHubDouble(path.join(directory, 'gh.sock'));
      try {
        await checkWith({ program, double, directory: await configure(directory, double) }, tally);
      } finally {
        double.close();
      }
    },
  });
}

/** Commands that an older gh, such as Debian's 2.23, does not have. */
const NEWER = ['variable', 'attestation'];

interface Place {
  readonly program: string;
  readonly double: GitHubDouble;
  readonly directory: string;
}

/** gh reads the socket from its configuration only. */
async function configure(directory: string, { socket }: GitHubDouble): Promise<string> {
  const folder = path.join(directory, 'gh');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'config.yml'), `version: "1"\nprompt: disabled\nhttp_unix_socket: ${socket}\n`);
  await writeFile(path.join(folder, 'main.js'), '');
  return folder;
}

async function checkWith(place: Place, tally: Tally): Promise<void> {
  const { stdout: help } = await runProgram(place.program, ['help'], { env: { HOME: place.directory } });
  const missing = NEWER.filter((name) => !new RegExp(`^  ${name}\\b`, 'm').test(help));
  for (const name of missing)
    tally.skip(`the commands gh ${name}`, 'this gh has none: conformance/verify/install builds a newer one');
  const isKnown = (text: string) => !missing.some((name) => text.startsWith(`gh ${name} `));
  await tally.check('gh accepts every command of the guides, and sends what GitHub describes', async () => {
    const calls = recordedCalls().filter(({ args }) => isKnown(`gh ${args.join(' ')}`));
    const wrong = (await Promise.all(calls.map(({ args, input }) => refusal(place, args, input)))).flat();
    if (calls.length === 0 || wrong.length > 0) throw new Error(wrong.join('\n') || 'there is no command');
    return `${calls.length} commands`;
  });
  await tally.check('gh accepts every command of the other documents', async () => {
    const commands = (await readGhCommands()).filter(({ text }) => isKnown(`${text} `));
    const wrong = (await Promise.all(commands.map((command) => documentRefusal(place, command)))).flat();
    if (commands.length === 0 || wrong.length > 0) throw new Error(wrong.join('\n') || 'there is no command');
    return `${commands.length} commands`;
  });
  await tally.check('gh or GitHub’s description refuses each planted mistake', async () => {
    for (const [args, input] of WRONG) {
      if ((await refusal(place, args, input)).length === 0) throw new Error(`accepted: gh ${args.join(' ')}`);
    }
    for (const command of WRONG_IN_DOCUMENTS) {
      if ((await documentRefusal(place, command)).length === 0) throw new Error(`accepted: ${command.text}`);
    }
    return `${WRONG.length + WRONG_IN_DOCUMENTS.length} mistakes`;
  });
}

function recordedCalls(): readonly Call[] {
  const all = Object.values(setupScripts).flatMap((script) =>
    [['--apply'], ['--teardown', '--apply']].flatMap((args) => record(script, args, GIVEN).calls),
  );
  const own = all.filter(({ program }) => program === 'gh');
  return [...new Map(own.map((call) => [JSON.stringify([call.args, call.input]), call])).values()];
}

/** Empty: it was accepted, and so was what it sent. */
async function refusal(place: Place, args: readonly string[], input: string): Promise<readonly string[]> {
  const { exitCode, stderr, sent } = await run(place, [place.program, ...args], input);
  const said = exitCode === 0 ? [] : [`${exitCode}: ${stderr.trim().slice(0, 400)}`];
  const nothing = sent.requests === 0 ? ['it sent nothing'] : [];
  return [...said, ...nothing, ...sent.problems].map((text) => `gh ${args.join(' ').slice(0, 160)}\n  ${text}`);
}

/** A mention such as `gh attestation download` is looked up; what has arguments is run as it would be pasted. */
async function documentRefusal(place: Place, { where, text, isMention }: DocumentCommand): Promise<readonly string[]> {
  const pasted = isMention ? `${text} --help` : text;
  const { exitCode, stdout, stderr, sent } = await run(place, ['bash', '-c', pasted], '');
  const isKnown = isMention ? stdout.includes(`${text} `) || stdout.includes(`${text}\n`) : true;
  const isAccepted = (exitCode === 0 && isKnown) || (text.includes('gh attestation ') && NO_ANSWER.test(stderr));
  const said = isAccepted ? [] : [`${exitCode}: ${stderr.trim().slice(0, 400)}`];
  return [...said, ...sent.problems].map((each) => `${where}: ${pasted}\n  ${each}`);
}

interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly sent: Sent;
}

/** Each run has a token of its own, by which the double tells whose request it is. */
async function run(
  { program, double, directory }: Place,
  [file, ...args]: readonly string[],
  input: string,
): Promise<Ran> {
  const token = double.newToken();
  const child = spawn(file!, args, {
    cwd: directory,
    timeout: 60_000,
    killSignal: 'SIGKILL',
    env: {
      ...GIVEN,
      ...{ PATH: `${path.dirname(program)}:${process.env['PATH']}`, HOME: directory, GH_CONFIG_DIR: directory },
      ...{ GH_TOKEN: token, GH_REPO: 'acme/agent', GH_NO_UPDATE_NOTIFIER: '1', GH_PROMPT_DISABLED: '1', NO_COLOR: '1' },
      // What does not use the socket must not leave the machine.
      ...{ HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' },
    },
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  child.stdin.on('error', () => {}).end(input);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, ...texts, sent: double.judge(token) };
}
