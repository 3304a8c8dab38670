import type { HostileBehaviour } from '../../simulators/hostile/behaviour.ts';
import { isForbidden } from '../../simulators/hostile/collector.ts';
import { findLeaks, known, type Place, type Secret } from '../../simulators/planted-secrets.ts';
import type { ActionResult, StageResult } from '../../simulators/runner.ts';
import { withoutMasks } from '../../simulators/secret-places.ts';
import type { HostileRun } from './hostile-run.ts';
import { ECR_OWNERS, H } from './hostile-secrets.ts';

/** `timeout` is two minutes; a rollback and what is outlasted come on top. */
const LONGEST_MS = {
  deployed: 5 * 60_000,
  refused: 125_000,
  'rolled-back': 8 * 60_000,
  'rollback-unconfirmed': 15 * 60_000,
};
/** Where Sigstore's keys are refreshed; behind this proxy it is out of reach. */
const TRUST_ROOT = /\.sigstore\.dev$/;
const LONGEST_LOG = 60_000;

const NEVER_SAID =
  /TypeError|RangeError|Cannot read|\[object Object\]|unexpected error|is not a function|is not iterable|ZodError|\bundefined\b|\bNaN\b|^\s+at .+:\d+:\d+/m;
/** Of the runner: a foreign text can have begun none of these lines. */
const COMMAND = /^\s*::(?!(?:group|add-mask|error title=[^:,]*|warning|debug|notice)::|endgroup::).*|^.*##\[.*/m;
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b\u{e0000}-\u{e01ef}]/u;

/** What is true of every run, whatever a server does. Returns what isn't. */
export async function findBroken(
  { ends, says }: HostileBehaviour,
  { main, post, summary }: ActionResult,
  run: HostileRun,
): Promise<readonly string[]> {
  const { agent, before, exchanges, trapped, report, tookMs } = run;
  const { outcome } = main.outputs;
  const text = `${main.log}\n${post.log}`;
  const live = await agent.ask('/');
  const isDeployed = ends === 'deployed';
  const called = [
    ...new Set([...exchanges.map(({ request }) => request.url.hostname), ...agent.world.edge.unknownHosts]),
  ];
  const problems: (string | null | false)[] = [
    outcome !== ends && `ended ${outcome}, not ${ends}`,
    (main.exitCode === 0) !== isDeployed && `exit code ${main.exitCode}`,
    post.exitCode !== 0 && `exit code of post ${post.exitCode}`,
    live.body !== (isDeployed ? 'v2' : 'v1') && `${live.body.slice(0, 50)} serves`,
    !isDeployed && JSON.stringify(agent.snapshot()) !== before && 'the configuration is another',
    says !== undefined && !says.test(causeOf(main)) && `does not say ${says}`,
    isDeployed && /^::error/m.test(text) && 'is deployed with an error',
    !isDeployed && countOf(main.log, /^::error/gm) !== 1 && `has ${countOf(main.log, /^::error/gm)} errors`,
    sentence('says', NEVER_SAID.exec(`${text}\n${summary}\n${report}`)),
    sentence('prints a command', COMMAND.exec(text)),
    sentence('prints', UNSEEN.exec(text)),
    sentence('has in the summary', wrongMarkdown(summary)),
    withoutMasks(text).length > LONGEST_LOG && `prints ${withoutMasks(text).length} characters`,
    tookMs > LONGEST_MS[ends] && `took ${Math.round(tookMs / 1_000)} s`,
    trapped.length > 0 && `calls this machine: ${trapped.join('').slice(0, 100)}`,
    ...called.filter(isForbidden).map((host) => `calls ${host}`),
    ...[...agent.world.edge.unknownHosts].filter((host) => !TRUST_ROOT.test(host)).map((host) => `calls ${host}`),
    ...findLeaks(secretsOf(run), placesOf(run, [main, post])).map(
      ({ secret, form, place }) => `shows ${secret} (${form}) in ${place}`,
    ),
  ];
  const found = problems.filter((problem) => problem !== null && problem !== false);
  return found.length === 0 ? [] : [...found, `cause: ${causeOf(main).slice(0, 600)}`];
}

/** The annotation, as the person sees it. */
function causeOf({ log }: StageResult): string {
  return log
    .split('\n')
    .filter((line) => line.startsWith('::error'))
    .join('\n')
    .replace(/%25/g, '%');
}

function countOf(text: string, what: RegExp): number {
  return text.match(what)?.length ?? 0;
}

function sentence(verb: string, found: RegExpExecArray | null): string | null {
  return found && `${verb} ${JSON.stringify(found[0].slice(0, 200))}`;
}

/** HTML, links, headings and rows of a table that a foreign text began, outside of code. */
function wrongMarkdown(summary: string): RegExpExecArray | null {
  const prose = summary.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '').replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, '');
  // Our own sections are folded, and each is closed once.
  const isUneven = countOf(prose, /<details>/g) !== countOf(prose, /<\/details>/g);
  if (isUneven) return /<\/?details>[\s\S]*/.exec(prose);
  return /<(?:img|h1|script|!--)[^\n]*|\]\(<?https?:\/\/[\w.]*example[^\n]*|^#+ h0st1le.*|^\| h0st1le.*|@octocat/m.exec(
    prose,
  );
}

function secretsOf({ exchanges, agent }: HostileRun): readonly Secret[] {
  const logins = exchanges
    .filter(({ operation }) => operation === 'ecr:GetAuthorizationToken')
    .flatMap(({ answer }) => /"authorizationToken":"([^"]+)"/.exec(String(answer.body))?.[1] ?? [])
    .flatMap((encoded) => [encoded, Buffer.from(encoded, 'base64').toString().replace(/^AWS:/, '')]);
  return [
    ...Object.values(H),
    known('secret key of the cloud', agent.world.env['AWS_SECRET_ACCESS_KEY']!),
    ...[...new Set(logins)].map((login) => known('login of the destination registry', login, ECR_OWNERS)),
  ];
}

function placesOf({ exchanges, trapped, report }: HostileRun, stages: readonly StageResult[]): readonly Place[] {
  return [
    { name: 'the report', text: report },
    { name: 'a request to this machine', text: trapped.join('') },
    ...stages.flatMap(({ log, summary, outputs, state }) => [
      { name: 'the log', text: withoutMasks(log) },
      { name: 'the summary', text: summary },
      { name: 'the outputs', text: JSON.stringify(outputs) },
      { name: 'the state', text: JSON.stringify(state) },
    ]),
    ...exchanges.map(({ request: { method, url, headers, body } }) => ({
      name: `${method} ${url.host}${url.pathname}`.slice(0, 100),
      host: url.hostname,
      text: `${url.href}\n${JSON.stringify(headers)}\n${body.toString('latin1')}`,
    })),
  ];
}
