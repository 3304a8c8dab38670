// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of GitHub, not of JavaScript
import type { checkers } from './checks/check.ts';

/** One mistake in the template for ECS, and what has to be said of it. */
export interface Fault {
  readonly what: string;
  readonly checker: keyof typeof checkers;
  readonly rule: string;
  readonly replace: string | RegExp;
  readonly by: string;
  readonly says: RegExp;
}

const CHECKOUT = '      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n';
const RUN = 'run: bash -euo pipefail -c "$TEST"';
const job = (text: string) => ({ replace: '  test:\n', by: `  test:\n${text}` });

const byTools: readonly Fault[] = [
  {
    what: 'an input that the action does not have',
    checker: 'the language service',
    rule: 'language-service',
    replace: 'role-to-assume:',
    by: 'role-to-asume:',
    says: /Invalid action input 'role-to-asume'/,
  },
  {
    what: 'a required input that is missing',
    checker: 'the language service',
    rule: 'language-service',
    replace: /\n {10}aws-region: .*/,
    by: '',
    says: /Missing required input `aws-region`/,
  },
  {
    what: 'an input that our own action does not have',
    checker: 'the language service',
    rule: 'language-service',
    replace: 'smoke-tests:',
    by: 'smoke-test:',
    says: /Invalid action input 'smoke-test'/,
  },
  {
    what: 'a step that does not exist',
    checker: 'the language service',
    rule: 'language-service',
    replace: 'digest: ${{ steps.push',
    by: 'digest: ${{ steps.build',
    says: /Context access might be invalid: build/,
  },
  {
    what: 'a job that does not exist',
    checker: 'the language service',
    rule: 'language-service',
    replace: 'needs: [build, scan]',
    by: 'needs: [build, scans]',
    says: /unknown job 'scans'/,
  },
  {
    what: 'an action in a version that was not reviewed',
    checker: 'the language service',
    rule: 'language-service',
    replace: 'actions/checkout@3d3c42e5',
    by: 'actions/checkout@00000000',
    says: /Unable to resolve action/,
  },
  {
    what: 'an unknown key',
    checker: 'the schema',
    rule: 'schema',
    replace: 'cancel-in-progress: false',
    by: 'cancel-in-progres: false',
    says: /additional properties/,
  },
  {
    what: 'untrusted text in a script',
    checker: 'actionlint',
    rule: 'actionlint',
    replace: RUN,
    by: 'run: echo ${{ github.event.pull_request.title }}',
    says: /potentially untrusted/,
  },
  {
    what: 'a label that no runner has',
    checker: 'actionlint',
    rule: 'actionlint',
    replace: 'runs-on: ubuntu-latest',
    by: 'runs-on: ubuntu-newest',
    says: /label "ubuntu-newest" is unknown/,
  },
];

const ours = (rule: string, what: string, replace: string | RegExp, by: string, says = /./): Fault => ({
  what,
  checker: 'our rules',
  rule,
  replace,
  by,
  says,
});

const byOurRules: readonly Fault[] = [
  ours('unpinned-uses', 'a tag', /actions\/checkout@\S+ # v7.0.1/, 'actions/checkout@v7'),
  ours('unpinned-uses', 'our action without the pinned form', / # pinned: org.*/, ''),
  ours('ref-version-mismatch', 'a comment of another version', '# v7.0.1', '# v7.0.0'),
  ours('ref-version-mismatch', 'another commit', '@3d3c42e5', '@4d3c42e5'),
  ours(
    'unpinned-images',
    'a container by tag',
    job('    container: python:3.13\n').replace,
    job('    container: python:3.13\n').by,
  ),
  ours('unpinned-tools', 'whichever trivy is newest', /\n {10}version: v0.70.0/, ''),
  ours('excessive-permissions', 'no permissions at the top', /permissions: \{\}.*\n/, ''),
  ours('excessive-permissions', 'all may be read', /permissions: \{\}/, 'permissions: read-all'),
  ours(
    'excessive-permissions',
    'a job without',
    / {4}permissions:\n {6}packages: read # to pull the image\n/,
    '',
    /job scan/,
  ),
  ours(
    'undocumented-permissions',
    'no reason',
    'packages: read # to pull the image',
    'packages: read',
    /packages of job scan/,
  ),
  ours('artipacked', 'the token stays', `${CHECKOUT}        with:\n          persist-credentials: false\n`, CHECKOUT),
  ours('static-credentials', 'a stored key', /role-to-assume: .*/, 'aws-access-key-id: AKIA'),
  ours('static-credentials', 'a kubeconfig in the workflow', / {10}target: ecs/, '          kubeconfig: e30=\n$&'),
  ours('static-credentials', 'a kubeconfig for another action', /role-to-assume: .*/, 'kubeconfig: ${{ secrets.A }}'),
  ours('overprovisioned-secrets', 'all secrets', 'SERVICE: agent', 'SERVICE: ${{ toJSON(secrets) }}'),
  ours(
    'secrets-inherit',
    'all secrets handed over',
    job('    secrets: inherit\n').replace,
    job('    secrets: inherit\n').by,
  ),
  ours(
    'secrets-outside-env',
    'a secret without an environment',
    RUN,
    `${RUN}\n        env: { A: "\${{ secrets.A }}" }`,
  ),
  ours('dangerous-triggers', 'pull_request_target', '  pull_request: # tests only', '  pull_request_target:'),
  ours('template-injection', 'an expression in a script', RUN, 'run: echo ${{ github.sha }}'),
  ours('github-env', 'a variable for later steps', RUN, 'run: echo A=1 >> "$GITHUB_ENV"'),
  ours(
    'unsound-condition',
    'text around an expression',
    'if: github.event_name',
    'if: ${{ true }} && github.event_name',
  ),
  ours(
    'unsound-contains',
    'a text instead of a list',
    'if: github.event_name',
    "if: contains('push x', github.event_name) &&",
  ),
  ours('insecure-commands', 'set-output', RUN, 'run: echo "::set-output name=a::b"'),
  ours('insecure-url-scheme', 'http', RUN, 'run: curl http://example.com'),
  ours('cache-poisoning', 'a cache in a release', '    branches: [main]', "    tags: ['v*']"),
  ours('no-time-limit', 'a job without a limit', / {4}timeout-minutes: 15\n/, '', /job test/),
  ours(
    'concurrency-limits',
    'a newer run cancels',
    'cancel-in-progress: false',
    'cancel-in-progress: true',
    /job staging/,
  ),
  ours('no-environment', 'no url', /\n {6}url: .*/, '', /job staging/),
  ours(
    'deploys-a-tag',
    'a tag',
    '@${{ needs.build.outputs.digest }}\n          registry',
    ':${{ github.sha }}\n          registry',
  ),
  ours('any-account', 'no expected account', /\n {10}expected-account: .*/, ''),
  ours('anonymous-definition', 'no name', /^name: .*\n/m, ''),
  ours('no-set-up', 'a step is missing', '#   3. ', '#   4. '),
  ours('no-todo', 'nothing is marked', /# TODO/g, '#'),
];

export const faults: readonly Fault[] = [...byTools, ...byOurRules];
