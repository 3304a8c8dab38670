import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { findLeaks, known, type Leak } from '../../simulators/planted-secrets.ts';
import type { StageResult } from '../../simulators/runner.ts';
import { withoutMasks } from '../../simulators/secret-places.ts';
import { REGION, SOURCE } from '../../simulators/world.ts';
import { closeAgents } from './agent.ts';
import { LIVE, S, yaml } from './secret-inventory.ts';
import { refusals } from './secret-refusals.ts';
import { stories } from './secret-stories.ts';
import { tell } from './tell-secret-story.ts';

let looked = 0;
const planted = new Set(Object.values(S).map(({ name }) => name));
const leaked = new Set<string>();

afterEach(closeAgents);
afterAll(() => {
  process.stdout.write(`${leaked.size} of ${planted.size} planted secrets found in ${looked} places\n`);
});

describe('no planted secret is found in the log, the summary, outputs, state, report or another host, in', () => {
  test.each([...stories, ...refusals])('$title', async (story) => {
    const { result, places, secrets } = await tell(story);
    const said = withoutMasks(result.main.log + result.post.log + result.summary);
    expect({ outcome: result.main.outputs['outcome'] ?? null, said }).toEqual({
      outcome: story.outcome,
      said: expect.stringMatching(story.says ?? /\S/),
    });
    const found = findLeaks(secrets, places);
    looked += places.length;
    for (const { name } of secrets) planted.add(name);
    for (const { secret } of found) leaked.add(secret);
    expect(found.map(sentence)).toEqual([]);
  });
});

describe('the search', () => {
  test('finds what is there, in every kind of place and in every form', async () => {
    const { places } = await tell(stories[2]!);
    const service = [known('service', 'agent'), known('user', SOURCE.username), known('cluster', 'production')];
    const found = findLeaks(service, places).map(sentence).join('\n');
    for (const place of [
      'the log of main',
      'the summary of main',
      'the outputs of main',
      'the state of main',
      'report.json',
    ]) {
      expect(found).toMatch(new RegExp(`service \\(as it is\\) in ${place}`));
    }
    expect(found).toContain(`user (in base64) in a request to ${SOURCE.host}`);
    expect(found).toContain(`cluster (as it is) in a request to ecs.${REGION}.amazonaws.com`);
    const open = places.map(({ name, text }) => ({ name, text }));
    const own = findLeaks(Object.values(S), open).map(sentence);
    expect(own).toContain(`${S.json.name} (as it is) in a request to ${LIVE}`);
    expect(own).toContain(`${S.unknown.name} (as it is) in a request to ecs.${REGION}.amazonaws.com`);
    expect(own).toContain(`${S.sessionToken.name} (as it is) in a request to ecs.${REGION}.amazonaws.com`);
  });
});

describe('a smoke test that is a command', () => {
  test('gets no input, no state and none of the tokens of the job', async () => {
    const run = 'test "$DEPLOY_URL" && env | cut -d= -f1 | sort | paste -sd, | sed "s/^/NAMES,/; s/$/,/"';
    const { result } = await tell({ title: '', outcome: 'deployed', inputs: { 'smoke-tests': yaml([{ run }]) } });
    const names = /NAMES,(.*),/.exec(result.main.log)?.[1]?.split(',') ?? [];
    expect(names).toEqual(
      expect.arrayContaining(['DEPLOY_URL', 'DEPLOY_REVISION', 'DEPLOY_IMAGE', 'PATH', 'GITHUB_SHA']),
    );
    expect(
      names.filter((name) => /^(INPUT_|STATE_|ACTIONS_|AWS_|GITHUB_(STATE|OUTPUT|ENV|PATH|STEP_SUMMARY)$)/.test(name)),
    ).toEqual([]);
  });
});

describe('what a container prints', () => {
  const hostile = [
    '::set-output name=outcome::planted',
    '  ::add-mask::agent',
    '::stop-commands::planted',
    '##[error]planted',
    'text ##[set-env name=PATH]planted',
    'a\r::error::planted',
    'b\n::warning::planted',
    '\u001b[31mred\u001b[0m \u202egnp.exe\u2066 \u0007',
    '```\n</details><img src=x onerror=alert(1)>',
  ];

  test.each([
    ['when it crashes', { crash: { afterMs: 1_000, exitCode: 3, logs: hostile } }, yaml(['GET /health'])],
    [
      'in its answers',
      { answers: { '/predict': { status: 500, body: hostile.join('\n') } } },
      yaml([{ 'POST /predict': { 'retry-for': '0s' } }]),
    ],
    [
      'through a command',
      {},
      yaml([{ run: `printf '%s\\n' ${hostile.map((line) => `$'${escapeShell(line)}'`).join(' ')}; exit 1` }]),
    ],
  ])('issues no command and hides nothing, %s', async (title, behaviour, smokeTests) => {
    const { result } = await tell({ title, outcome: null, behaviour, inputs: { 'smoke-tests': smokeTests } });
    const { main, post } = result;
    const names = [main, post].flatMap(commandsIn);
    expect(main.outputs['outcome']).toMatch(/^rolled-back$|^rollback-unconfirmed$/);
    expect(main.log).toContain('planted');
    expect(names.filter((name) => !['group', 'endgroup', 'add-mask', 'error', 'warning'].includes(name))).toEqual([]);
    expect(names.filter((name) => name === 'error')).toHaveLength(1);
    // Our own: a container of the task stays on another image of the repository.
    expect([...main.log.matchAll(/^::warning.*$/gm)].join()).not.toContain('planted');
    expect(main.log).not.toMatch(/::add-mask::agent$/m);
    for (const text of [main.log, main.summary]) expect(text).not.toMatch(/[^\P{Cc}\n\t]|\p{Bidi_Control}/u);
    const outsideOfCode = main.summary.replace(/^(`{3,})text$[\s\S]*?^\1$/gm, '').replace(/(`+).*?\1/g, '');
    // An empty element of ours divides what GitHub would make a link or a formula of.
    expect(outsideOfCode.replaceAll('<span></span>', '')).not.toMatch(/<(?!https:|\/?(?:details|summary)>)/);
  });
});

function sentence({ secret, form, place }: Leak): string {
  return `${secret} (${form}) in ${place}`;
}

/** As the runner reads a log: actions/runner ActionCommand.cs. */
function commandsIn({ log }: StageResult): readonly string[] {
  return log.split(/\r\n|\n|\r/).flatMap((line) => {
    const found = /^::([A-Za-z-]+)/.exec(line.trimStart())?.[1] ?? (line.includes('##[') ? '##[' : null);
    return found === null ? [] : [found];
  });
}

function escapeShell(text: string): string {
  return [...text].map((character) => `\\U${character.codePointAt(0)!.toString(16).padStart(8, '0')}`).join('');
}
