import { describe, expect, test } from '@jest/globals';
import { shortNames } from '../../../src/clouds/index.ts';
import { shortDigest, shortenNames } from '../../../src/model/short-names.ts';

const digest = (seed: string): string => `sha256:${seed.repeat(64).slice(0, 64)}`;
const arn = (account: string): string => `arn:aws:secretsmanager:eu-west-1:${account}:secret:key-AbCdEf`;
const shorten = (text: string): string => shortenNames(text, [shortDigest, ...shortNames]);

describe('names in the log', () => {
  test.each([
    [`agent@${digest('a1')} is there`, 'agent@sha256:a1a1a1a1a1a1 is there'],
    [
      '(service agent) registered 1 targets in (target-group arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/agent/0a43517a2ed07649)',
      '(service agent) registered 1 targets in (target-group targetgroup/agent/0a43517a2ed07649)',
    ],
    ['uses arn:aws-cn:iam::123456789012:role/path/deploy.', 'uses role/path/deploy.'],
    ['(task b3419b3b475c7f6be7d9186e408bdb8f).', '(task b3419b3b).'],
    ['a line\nwith agent:2', 'a line\nwith agent:2'],
  ])('%j is short', (text, expected) => {
    expect(shorten(text)).toBe(expected);
  });

  test('a command to copy stays whole', () => {
    const command = `run \`docker pull agent@${digest('b2')}\` for agent@sha256:`;
    expect(shorten(command)).toBe(command);
  });

  test('a line in which two names would look the same stays whole', () => {
    const line = `secret KEY: ${arn('111111111111')} -> ${arn('222222222222')}`;
    expect(shorten(line)).toBe(line);
    expect(shorten(`${arn('111111111111')} and ${arn('111111111111')}`)).toBe(
      'secret:key-AbCdEf and secret:key-AbCdEf',
    );
  });

  test('digests that differ after what is shown stay whole', () => {
    const line = `image a@sha256:${'0'.repeat(64)} -> a@sha256:${'0'.repeat(63)}1`;
    expect(shorten(line)).toBe(line);
  });
});
