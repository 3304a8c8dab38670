import { describe, expect, test } from '@jest/globals';
import { formatImageName, parseImageName, parseRepository } from '../../../src/model/image.ts';
import { fc } from '../../fixtures/fast-check.ts';

const hex = 'a'.repeat(64);

describe('an image name', () => {
  test.each([
    ['nginx', 'docker.io', 'library/nginx', null, null],
    ['acme/agent', 'docker.io', 'acme/agent', null, null],
    ['index.docker.io/acme/agent:1', 'docker.io', 'acme/agent', '1', null],
    ['ghcr.io/acme/agent:v1', 'ghcr.io', 'acme/agent', 'v1', null],
    ['localhost:5000/agent', 'localhost:5000', 'agent', null, null],
    ['localhost/agent', 'localhost', 'agent', null, null],
    [`ghcr.io/acme/agent@sha256:${hex}`, 'ghcr.io', 'acme/agent', null, `sha256:${hex}`],
    [`ghcr.io/acme/agent:v1@sha256:${hex}`, 'ghcr.io', 'acme/agent', 'v1', `sha256:${hex}`],
    [
      '123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b__c/d-e:t',
      '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
      'a/b__c/d-e',
      't',
      null,
    ],
  ])('%s', (text, registry, repository, tag, digest) => {
    expect(parseImageName(text)).toEqual({ registry, repository, tag, digest });
  });

  test.each([
    ['', 'it is empty'],
    ['ghcr.io/acme/Agent', 'lower-case'],
    ['ghcr.io/acme/agent:', 'its tag is empty'],
    ['ghcr.io/acme/agent:-x', 'the tag "-x"'],
    ['ghcr.io/acme/agent@sha256:abc', '64 lower-case hex digits'],
    ['ghcr.io/acme/agent@sha256:a@sha256:b', 'more than one "@"'],
    ['https://ghcr.io/acme/agent', 'URL scheme'],
    ['ghcr.io/acme//agent', 'its repository is empty'],
    ['ghcr.io/', 'its repository is empty'],
    [`ghcr.io/${'a'.repeat(600)}`, 'longer than 512'],
    ['ghcr.io/acme/agent\n', 'lower-case'],
    ['-ghcr.io/acme/agent', 'not a host name'],
  ])('%j is refused: %s', (text, why) => {
    expect(() => parseImageName(text)).toThrow(why);
  });

  test('that was read and written is read the same', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const name = fc.record({
      registry: fc.constantFrom('ghcr.io', 'localhost:5000', 'docker.io'),
      repository: fc.array(word, { minLength: 2, maxLength: 4 }).map((words) => words.join('/')),
      tag: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/),
      digest: fc.constant(null),
    });
    fc.assert(fc.property(name, (given) => expect(parseImageName(formatImageName(given))).toEqual(given)));
  });

  test('of any text at all is read, or refused with a DeployError', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 600 }), (text) => {
        try {
          parseImageName(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INPUT_INVALID' });
        }
      }),
    );
  });
});

test('a repository has neither tag nor digest', () => {
  expect(parseRepository('ghcr.io/acme/agent')).toEqual({ registry: 'ghcr.io', repository: 'acme/agent' });
  expect(() => parseRepository('ghcr.io/acme/agent:v1')).toThrow('it has a tag or a digest');
});
