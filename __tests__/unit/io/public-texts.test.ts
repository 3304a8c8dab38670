import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { environmentName } from '../../../src/inputs/step-inputs.ts';
import { publicTextsOf } from '../../../src/io/public-texts.ts';

test('what names the service and its image may be printed, whoever else has it as a value', () => {
  const env = {
    INPUT_SERVICE: 'agent',
    INPUT_REGION: 'eu-west-1',
    AWS_REGION: 'eu-west-2',
    GITHUB_REPOSITORY: 'acme/agent',
  };
  expect(publicTextsOf(env)).toEqual(['agent', 'eu-west-1', 'eu-west-2', 'acme/agent']);
});

test('no input that may hold a secret is public, nor a credential of the job', () => {
  const secrets = {
    ...{
      INPUT_KUBECONFIG: 'token: t',
      'INPUT_ENVIRONMENT-VARIABLES': 'KEY: value',
      'INPUT_SMOKE-TESTS': '- GET /?key=1',
    },
    ...{
      'INPUT_REGISTRY-PASSWORD': 'p',
      'INPUT_REGISTRY-USERNAME': 'u',
      AWS_SECRET_ACCESS_KEY: 's',
      GITHUB_TOKEN: 't',
    },
    ...{ AWS_SESSION_TOKEN: 't', INPUT_SECRETS: 'KEY: arn', 'INPUT_ANYTHING-NEW': 'x' },
  };
  expect(publicTextsOf(secrets)).toEqual([]);
});

test('each public input is one that the action has, or that names a cluster or a workload', () => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../../../action.yml'), 'utf8');
  const names = Object.keys((parse(text) as { inputs: object }).inputs);
  const shown = names.filter((name) => publicTextsOf({ [environmentName(name)]: 'x' }).length > 0);
  expect(shown).toEqual(
    expect.arrayContaining([
      'target',
      'image',
      'copy-to',
      'tags',
      'service',
      'cluster',
      'region',
      'project',
      'container',
      'url',
    ]),
  );
});
