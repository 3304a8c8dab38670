import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { readGuide, setupScript, setupScripts } from '../../scripts/setup-scripts.ts';
import { chooseContext } from '../../src/clouds/kubernetes/kubeconfig.ts';
import { parseGivenText, readGivenKubeconfig } from '../../src/clouds/kubernetes/kubeconfig-sources.ts';
import { readRoles } from '../scenarios/kubernetes-roles.ts';
import { awsRules } from './aws-rules.ts';
import { azureRules, googleRules, kubernetesRules } from './other-rules.ts';
import { type Call, record, recordPasted } from './record.ts';
import { parse, play, type Rule } from './rules.ts';

const read = (name: string) => readFileSync(path.resolve(import.meta.dirname, '../..', name), 'utf8');

interface Cloud {
  readonly page: string;
  readonly rules: readonly Rule[];
  /** What its user has to give. */
  readonly env: Readonly<Record<string, string>>;
  /** What the account keeps after the teardown. */
  readonly kept: readonly string[];
  /** A command that is moved behind another one, and what is missing then. */
  readonly moves: readonly (readonly [RegExp, RegExp, string])[];
}

const REPOSITORY = { REPOSITORY: 'acme/agent', REVIEWER: 'ann' };

const clouds: readonly Cloud[] = [
  {
    page: 'docs/setup-aws.md',
    rules: awsRules,
    env: REPOSITORY,
    kept: ['oidc-provider', 'service-linked-role'],
    moves: [
      [/create-open-id-connect-provider/, /create-role .*deploy-staging/, 'there is no oidc-provider'],
      [/create-role .*agent-execution/, /register-task-definition/, 'there is no role/agent-execution'],
      [/create-listener/, /create-service/, 'there is no listener/tg/agent-staging'],
      [/create-log-group/, /register-task-definition/, 'there is no log/ecs/agent-staging'],
      [/environments\/staging --silent/, /variable set AWS_ROLE/, 'there is no environment/staging'],
    ],
  },
  {
    page: 'docs/setup-google-cloud.md',
    rules: googleRules,
    env: { ...REPOSITORY, PROJECT_PREFIX: 'acme-agent', BILLING_ACCOUNT: 'B1' },
    kept: [],
    moves: [
      [/billing projects link/, /services enable/, 'there is no project/acme-agent-staging/billing'],
      [
        /services enable/,
        /artifacts repositories create/,
        'there is no project/acme-agent-staging/api/artifactregistry',
      ],
      [/create agent-runtime/, /run deploy/, 'there is no project/acme-agent-staging/account/agent-runtime'],
      [/pools create github/, /create-oidc/, 'there is no project/acme-agent-staging/pool/github'],
    ],
  },
  {
    page: 'docs/setup-azure.md',
    rules: azureRules,
    env: { ...REPOSITORY, REGISTRY: 'acmeagent' },
    kept: ['App', 'ContainerRegistry', 'ManagedIdentity', 'OperationalInsights']
      .map((name) => `provider/Microsoft.${name}`)
      .concat('extension')
      .sort(),
    moves: [
      [/role AcrPull/, /containerapp create/, 'there is no group/agent-staging/assigned/AcrPull'],
      [
        /role definition create/,
        /Deploy to a container app .*containerApps/,
        'there is no role/Deploy to a container app',
      ],
      [/acr create/, /role AcrPull/, 'there is no group/agent-shared/registries/acmeagent'],
      [/ad sp create/, /ad sp show/, 'there is no sp/app/deploy-agent-staging'],
    ],
  },
  {
    page: 'docs/setup-kubernetes.md',
    rules: kubernetesRules,
    env: { ...REPOSITORY, PULL_TOKEN: 'ghp_planted' },
    kept: [],
    moves: [
      [/create serviceaccount/, /create rolebinding deploy /, 'there is no namespace/staging/ServiceAccount/deploy'],
      [/environments\/staging --silent/, /secret set KUBECONFIG/, 'there is no environment/staging'],
    ],
  },
];

const moveBehind = (calls: readonly Call[], what: RegExp, behind: RegExp): readonly Call[] => {
  const at = calls.findIndex((call) => what.test(parse(call).line));
  const rest = calls.toSpliced(at, 1);
  const to = rest.findIndex((call, index) => index >= at && behind.test(parse(call).line));
  if (at < 0 || to < 0) throw new Error(`no such commands: ${what}, ${behind}`);
  return rest.toSpliced(to + 1, 0, calls[at]!);
};

/** The token for pulling is not printed. */
const comparable = (calls: readonly Call[]) =>
  calls.map(({ program, args, input }) => [program, ...args, input].join(' ').replace('ghp_planted', '…'));

describe.each(clouds)('$page', ({ page, rules, env, kept, moves }) => {
  const script = setupScripts[page]!;
  const text = read(page);
  const guide = readGuide(text);
  const setUp = record(script, ['--apply'], env);
  const built = play(setUp.calls, rules);

  test('has the commands of its script: `npm run readme` writes it', () => {
    expect(read(script)).toBe(setupScript(page, text));
  });

  test('makes each thing before a command needs it, from an empty account', () => {
    expect({ exitCode: setUp.exitCode, stderr: setUp.stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(built.wrong).toEqual([]);
  });

  test.each(moves)('would be found wrong if %s came after %s', (what, behind, says) => {
    const { wrong } = play(moveBehind(setUp.calls, what, behind), rules);
    expect(wrong.join('\n')).toContain(says);
  });

  test('deletes what it made, in an order that the cloud accepts', () => {
    const { exitCode, stderr, calls } = record(script, ['--teardown', '--apply'], env);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(play(calls, rules, built.there)).toEqual({ wrong: [], there: kept });
  });

  test('trusts jobs of the environment only, by the subject that GitHub says', () => {
    const subjects = setUp.calls
      .map((call) => `${parse(call).line} ${call.input}`)
      .flatMap((each) => each.match(/repo:acme[^"\s]*/g) ?? []);
    if (page.endsWith('kubernetes.md')) return expect(subjects).toEqual([]);
    expect(subjects).toEqual([
      'repo:acme@1/agent@42:environment:staging',
      'repo:acme@1/agent@42:environment:production',
    ]);
  });

  test('creates what its table of names says', () => {
    const rows = [
      ...text
        .split('## Names')[1]!
        .split('## Variables')[0]!
        .matchAll(/^\| (?!what|---)[^|]+\| ([^|]+) \|/gm),
    ];
    const names = rows.flatMap(([, cell]) => [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
    const said = setUp.calls.map((call) => `${parse(call).line} ${call.input}`).join('\n');
    const given = (name: string) => name.replace('PREFIX', 'acme-agent').replace('REGISTRY', 'acmeagent');
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !said.includes(given(name)))).toEqual([]);
  });

  test('has the names that are in its template already', () => {
    const template = read(/workflow-templates\/(?!deploy-only)[\w-]+\.yml/.exec(text)![0]);
    const same = guide.variables.filter(({ name }) => template.includes(`\n  ${name}: `));
    expect(same.length).toBeGreaterThan(0);
    for (const { name, value } of same)
      expect(template).toMatch(new RegExp(`\\n  ${name}: (?:deployment/)?${value} # TODO`));
  });

  test('requires an approval for production only', () => {
    const environments = setUp.calls.filter(({ args }) => args.includes('PUT')).map(({ input }) => JSON.parse(input));
    expect(environments.map(({ reviewers }) => reviewers)).toEqual([[], [{ type: 'User', id: 7 }]]);
  });

  // One template deploys to two clouds: the guide of the second finds the environments of the first. GitHub answers 303 then.
  test('lets a branch deploy once, also where another guide has made the environment', () => {
    const posts = (calls: readonly Call[]) => calls.filter(({ args }) => args.includes('POST')).length;
    expect(posts(setUp.calls)).toBe(2);
    const again = record(script, ['--apply'], { ...env, BRANCH_POLICIES: 'release\nmain\n' });
    expect([again.exitCode, posts(again.calls)]).toEqual([0, 0]);
  });

  test('only prints its commands without --apply', () => {
    const { exitCode, stdout, calls } = record(script, [], env);
    expect({ exitCode, calls }).toEqual({ exitCode: 0, calls: [] });
    for (const { commands, part } of guide.steps) expect(stdout.includes(commands)).toBe(!part.startsWith('teardown'));
    expect(stdout).toContain(guide.lookUps);
    expect(stdout).toContain('Nothing was changed');
    expect(stdout).not.toContain('ghp_planted');
    const pasted = recordPasted(stdout);
    expect({ exitCode: pasted.exitCode, stderr: pasted.stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(comparable(pasted.calls)).toEqual(comparable(setUp.calls));
  });

  test('asks for what has to be given, and for nothing else', () => {
    for (const { name, required } of guide.variables) {
      if (!required) continue;
      const { exitCode, stderr, calls } = record(script, ['--apply'], { ...env, [name]: '' });
      expect({ exitCode, calls }).toEqual({ exitCode: 2, calls: [] });
      expect(stderr).toContain(`could not start: ${name} is required`);
    }
  });

  // Who pastes a single step again, or starts with --from, has only those.
  test('each step uses its own variables, the look-ups and those at the top', () => {
    const known = new Set(guide.variables.map(({ name }) => name));
    for (const name of assignedIn(guide.lookUps)) known.add(name);
    const unknown = guide.steps.flatMap(({ number, commands }) => {
      const own = new Set(assignedIn(commands));
      const used = [...commands.matchAll(/\$\{?([A-Z_]+)/g)].map(([, name]) => name!);
      return used.filter((name) => !known.has(name) && !own.has(name)).map((name) => `${number}: ${name}`);
    });
    expect(unknown).toEqual([]);
  });
});

const isLookUp = (call: Call) =>
  /^(?:gh api repos\/\S+ --jq|aws (?:sts|ec2|elbv2) (?:get|describe)-)/.test(parse(call).line);

function assignedIn(commands: string): readonly string[] {
  const assigned = commands.matchAll(/(?:^|[\s;])([A-Z_]+)=|for ([A-Z_]+) in|read -ra ([A-Z_]+)/g);
  return [...assigned].map(([, ...names]) => names.find((name) => name !== undefined)!);
}

describe('the pages say the same as the guide', () => {
  // A new shell has none of them: `gh variable set --body ""` would be accepted.
  test('and say which shell has the variables of their commands', () => {
    const pages = readdirSync(path.resolve(import.meta.dirname, '../../docs')).filter((name) => name.endsWith('.md'));
    const others = pages.map((name) => `docs/${name}`).filter((page) => !setupScripts[page]);
    const unknown = ['README.md', 'SECURITY.md', ...others].flatMap((page) => {
      const parts = read(page).split(/^ *```sh\n/m);
      return parts.slice(1).flatMap((part, index) => {
        const [block] = part.split(/^ *```$/m) as [string];
        const before = parts[index]!.trimEnd().split('\n\n').at(-1)!;
        const own = [...assignedIn(block), ...[...block.matchAll(/\bfor (\w+) in/g)].map(([, name]) => name!)];
        const used = [...block.matchAll(/\$\{?([A-Za-z_]+)/g)].map(([, name]) => name!);
        const isExplained = (name: string) => /shell\s+of\s+your\s+guide/.test(before) || before.includes(`\`${name}`);
        return used.filter((name) => !own.includes(name) && !isExplained(name)).map((name) => `${page}: ${name}`);
      });
    });
    expect(unknown).toEqual([]);
  });

  test('of the roles on Google Cloud', () => {
    const table = [...read('docs/google-cloud-run.md').matchAll(/^\| `(roles\/[^`]+)` \|.*\| (.*) \|$/gm)];
    const always = table.filter(([, , why]) => !why!.startsWith('only')).map(([, role]) => role);
    const granted = read('docs/setup-google-cloud.md').match(/roles\/[\w.]+/g)!;
    expect([...new Set(granted)].sort()).toEqual(always.sort());
  });

  test('of the Roles in Kubernetes, and the kubeconfig is one that the action reads, on no command line', () => {
    const { calls } = record(setupScripts['docs/setup-kubernetes.md']!, ['--from', '3', '--apply'], REPOSITORY);
    const stored = calls
      .filter(({ args }) => args.includes('KUBECONFIG'))
      .map(({ input }) => readGivenKubeconfig(input));
    const contexts = stored.map((given) => {
      if (given?.kind !== 'text') throw new Error('no text');
      const { name, namespace, cluster, user } = chooseContext(parseGivenText(given.text, ''), '');
      return { name, namespace, cluster: cluster.fields, user: user?.fields };
    });
    const server = 'https://10.0.0.1:6443';
    const cluster = { server, 'certificate-authority-data': 'Y2VydGlmaWNhdGU=' };
    expect(contexts).toEqual(
      ['staging', 'production'].map((name) => ({ name, namespace: name, cluster, user: { token: 'a-token' } })),
    );
    expect(calls.filter(({ args }) => args.join(' ').includes('a-token'))).toEqual([]);
    const applied = calls
      .filter(({ input }) => input.includes('kind: Role\n'))
      .flatMap(({ input }) => parseAllDocuments(input).map((document) => document.toJS()));
    const documented = readRoles();
    for (const namespace of ['staging', 'production'])
      expect(applied.filter(({ metadata }) => metadata.namespace === namespace)).toHaveLength(2);
    for (const { metadata, rules } of applied) {
      const reference = JSON.stringify(documented.get(metadata.name)).replaceAll('"web', '"agent');
      expect(rules).toEqual(JSON.parse(reference));
    }
  });
});

describe('a script', () => {
  const script = setupScripts['docs/setup-google-cloud.md']!;
  const { env, rules } = clouds[1]!;
  const aws = setupScripts['docs/setup-aws.md']!;
  const [setUp, tornDown] = [['--apply'], ['--teardown', '--apply']].map((args) => record(aws, args, REPOSITORY).calls);

  test('stops at the first command that fails, and says how to continue', () => {
    const { exitCode, stderr, calls } = record(script, ['--apply'], { ...env, FAIL: 'gcloud run deploy' });
    expect(exitCode).toBe(1);
    expect(parse(calls.at(-1)!).line).toContain('gcloud run deploy');
    expect(stderr).toContain('could not finish step 3 for staging');
    expect(stderr).toContain(
      '  REPOSITORY=acme/agent REVIEWER=ann PROJECT_PREFIX=acme-agent BILLING_ACCOUNT=B1 ENVIRONMENTS="staging production" bash ',
    );
    expect(stderr).toContain(`${script} --from 4 --apply\n`);
  });

  // The rest of a step is done by hand. Where the last command failed, nothing is.
  test.each([
    ['gh variable set ECS_CLUSTER --repo acme/agent --env staging', [], 'ENVIRONMENTS="production" bash ', '--from 4'],
    ['aws ecr create-repository', [], 'ENVIRONMENTS="staging production" bash ', '--from 3'],
    ['aws logs delete-log-group', ['--teardown'], 'ENVIRONMENTS="production" bash ', '--teardown --from 9'],
    ['aws sts', [], 'ENVIRONMENTS="staging production" bash ', '--from 1'],
  ])('that stops at %s does the rest with what it says then', (FAIL, args, environments, rest) => {
    const whole = args.length === 0 ? setUp : tornDown;
    const { stderr, calls } = record(aws, [...args, '--apply'], { ...REPOSITORY, FAIL });
    const [, said] = /^ {2}(REPOSITORY=.*)$/m.exec(stderr) ?? [];
    expect(stderr.match(/could not/g)).toHaveLength(1);
    expect(said).toContain(environments);
    expect(said).toMatch(new RegExp(`/aws.sh ${rest} --apply$`));
    const continued = recordPasted(`${said}\n`);
    expect(continued.exitCode).toBe(0);
    const changes = [...calls, ...continued.calls].filter((call) => !isLookUp(call));
    expect(comparable(changes)).toEqual(comparable(whole!.filter((call) => !isLookUp(call))));
  });

  test('whose last step fails says that nothing is left', () => {
    const { stderr } = record(aws, ['--teardown', '--apply'], {
      ...REPOSITORY,
      FAIL: 'aws iam delete-role --role-name agent-task',
    });
    expect(stderr).toContain('could not finish step 10 for staging');
    expect(stderr).toContain('It is the last one.');
  });

  test('continues from a step', () => {
    const { calls } = record(script, ['--from', '4', '--apply'], { ...env, ENVIRONMENTS: 'production' });
    const lines = calls.map((call) => parse(call).line).filter((line) => line.startsWith('gcloud'));
    expect(lines[0]).toContain('workload-identity-pools create github --project acme-agent-production');
    expect(play(calls, rules).wrong).not.toEqual([]);
  });

  test.each([
    [['--aply'], 'unknown argument "--aply"'],
    [['--from', 'two'], '--from "two" is not the number of a step'],
    [['--from', '8'], '--from "8" is not the number of a step'],
    [['--teardown', '--from', '7'], '--from "7" is not the number of a step'],
  ])('refuses %j', (args, says) => {
    const { exitCode, stderr, calls } = record(script, args, env);
    expect({ exitCode, calls }).toEqual({ exitCode: 2, calls: [] });
    expect(stderr).toContain(`could not start: ${says}`);
  });
});

describe('reading a guide', () => {
  const page = '## Variables\n\n```sh\nA=1\n```\n\n## Once for the account\n\n### 1. One\n\n```sh\nx\n```\n';

  test('refuses a step without commands, out of order, or in a part that the script does not know', () => {
    expect(readGuide(page).steps).toHaveLength(1);
    expect(() => readGuide(page.replace('```sh\nx\n```', 'x'))).toThrow(/"### 1\. One" has no commands/);
    expect(() => readGuide(page.replace('1. One', '2. One'))).toThrow(/out of order/);
    expect(() => readGuide(page.replace('Once for', 'Now for'))).toThrow(/unknown part/);
    expect(() => readGuide(page.replace('A=1', 'A = 1'))).toThrow(/"A = 1" is no NAME=value/);
  });
});
