import { describe, expect, test } from '@jest/globals';
import type { Io } from '../../../src/io/io.ts';
import { readRunFacts } from '../../../src/report/run-facts.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';

const commit = '9fceb02d0ae598e95dc970b74767f19372d61af8';
const other = 'a'.repeat(40);
const env = {
  GITHUB_ACTION: 'deploy-eu',
  GITHUB_ACTOR: 'octocat',
  GITHUB_EVENT_NAME: 'push',
  GITHUB_EVENT_PATH: '/event.json',
  GITHUB_REF_NAME: 'main',
  GITHUB_REPOSITORY: 'acme/agent',
  GITHUB_RUN_ATTEMPT: '2',
  GITHUB_RUN_ID: '4711',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_SHA: commit,
};

function factsOf(changes: Readonly<Record<string, string>> = {}, event: unknown = {}) {
  const io = fakeIo({ env: { ...env, ...changes } });
  const files: Io['files'] = { ...io.files, readText: () => JSON.stringify(event) };
  return readRunFacts({ env: io.env, files });
}

describe('what GitHub tells about a run', () => {
  test('is its commit, who started it, its page and its step', () => {
    expect(factsOf({}, { head_commit: { id: commit, message: 'Fix the parser\n\nMore.' } })).toMatchObject({
      ...{ repositoryUrl: 'https://github.com/acme/agent', commit, commitMessage: 'Fix the parser' },
      ...{ actor: 'octocat', ref: 'main', environment: null, step: 'deploy-eu' },
      runUrl: 'https://github.com/acme/agent/actions/runs/4711/attempts/2',
    });
  });

  test('is the person who runs it again, not the one who started it first', () => {
    expect(factsOf({ GITHUB_TRIGGERING_ACTOR: 'hubot' }).actor).toBe('hubot');
  });

  test('is the commit of the workflow before it, where that has started it', () => {
    const event = { workflow_run: { head_sha: other, head_commit: { message: 'Theirs' } } };
    const facts = factsOf({ GITHUB_EVENT_NAME: 'workflow_run' }, event);
    expect(facts).toMatchObject({ commit: other, commitMessage: 'Theirs' });
  });

  test('is no message of another commit', () => {
    expect(factsOf({}, { head_commit: { id: other, message: 'Another' } }).commitMessage).toBeNull();
  });

  test('is the environment of a deployment event', () => {
    expect(factsOf({}, { deployment: { environment: 'production' } }).environment).toBe('production');
  });

  test.each([
    ['repositoryUrl', { GITHUB_REPOSITORY: 'acme/agent](x)' }],
    ['repositoryUrl', { GITHUB_SERVER_URL: 'javascript:alert(1)' }],
    ['runUrl', { GITHUB_RUN_ID: '1/../..' }],
    ['commit', { GITHUB_SHA: 'main' }],
  ] as const)('%s is left out where it is not in its form: %j', (name, changes) => {
    expect(factsOf()[name]).not.toBeNull();
    expect(factsOf(changes)[name]).toBeNull();
  });

  test('names what was requested, but no image that has a password in it', () => {
    const requested = { INPUT_IMAGE: 'ghcr.io/acme/agent:v2', INPUT_SERVICE: 'agent' };
    expect(factsOf(requested).requested).toEqual({
      ...{ image: 'ghcr.io/acme/agent:v2', service: 'agent', name: 'agent' },
    });
    expect(factsOf({ INPUT_IMAGE: 'me:hunter2@ghcr.io/acme/agent:v2' }).requested.image).toBeNull();
  });

  test.each([
    ['the name itself', { INPUT_SERVICE: 'agent' }, 'agent'],
    ['an ARN', { INPUT_SERVICE: 'arn:aws:ecs:eu-west-1:123456789012:service/production/agent' }, 'agent'],
    ['a path', { INPUT_SERVICE: 'projects/acme/locations/europe-west1/services/agent' }, 'agent'],
    [
      'a workload beside the Service of its traffic',
      { INPUT_SERVICE: 'web', INPUT_WORKLOAD: 'deployment/agent' },
      'agent',
    ],
    ['what is no name', { INPUT_SERVICE: 'agent <b>' }, null],
    ['nothing', {}, null],
  ])('has the short name of the service, of %s', (_what, env, name) => {
    expect(factsOf(env).requested.name).toBe(name);
  });

  test.each([
    ['the input environment', { INPUT_ENVIRONMENT: 'staging', 'INPUT_GITHUB-DEPLOYMENT': 'other' }, 'staging'],
    ['the input github-deployment', { 'INPUT_GITHUB-DEPLOYMENT': 'production' }, 'production'],
    ['nothing', {}, null],
    ['what is no name', { INPUT_ENVIRONMENT: 'a\nb' }, null],
  ])('has the environment of %s', (_what, env, environment) => {
    expect(factsOf(env).environment).toBe(environment);
  });

  test('is nothing outside of GitHub Actions', () => {
    expect(Object.values(readRunFacts(fakeIo())).filter((value) => typeof value === 'string')).toEqual([]);
  });
});
