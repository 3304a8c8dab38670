import { describe, expect, test } from '@jest/globals';
import { DeployError } from '../../../src/model/errors.ts';
import { parseUploadLocation, withDigest } from '../../../src/registry/upload-location.ts';
import { fc } from '../../fixtures/fast-check.ts';

const at = { registry: 'registry.example', repository: 'acme/agent' };
const asked = new URL('https://registry.example/v2/acme/agent/blobs/uploads/');
const digest = `sha256:${'a'.repeat(64)}`;
const escaped = encodeURIComponent(digest);
const target = (location: string) => withDigest(parseUploadLocation(location, asked, at), digest).href;

describe('an upload goes on', () => {
  test.each([
    ['at an absolute address', 'https://uploads.example/u/1', `https://uploads.example/u/1?digest=${escaped}`],
    [
      'at a path',
      '/v2/acme/agent/blobs/uploads/1',
      `https://registry.example/v2/acme/agent/blobs/uploads/1?digest=${escaped}`,
    ],
    ['beside what was asked', '1', `https://registry.example/v2/acme/agent/blobs/uploads/1?digest=${escaped}`],
    ['on another host, same scheme', '//u.example/1', `https://u.example/1?digest=${escaped}`],
    [
      'with the state of the registry, byte for byte',
      '/u/1?_state=a%2Bb+c==',
      `https://registry.example/u/1?_state=a%2Bb+c==&digest=${escaped}`,
    ],
    ['without an empty query', '/u/1?', `https://registry.example/u/1?digest=${escaped}`],
    ['before a fragment', '/u/1?s=1#x', `https://registry.example/u/1?s=1&digest=${escaped}#x`],
  ])('%s', (_name, location, expected) => {
    expect(target(location)).toBe(expected);
  });

  test.each([undefined, 'http://', 'ftp://registry.example/1', 'data:text/plain,x', 'javascript:x'])(
    'nowhere when the answer says %j',
    (location) => {
      expect(() => parseUploadLocation(location, asked, at)).toThrow('it named no upload location');
    },
  );
});

test('any Location is a web address, or a refusal that does not repeat it', () => {
  const pieces = fc.constantFrom(
    'http',
    'https',
    ':',
    '//',
    '/',
    '?',
    '#',
    '&',
    '=',
    '..',
    '@',
    '[',
    ']',
    '%',
    ' ',
    '\\',
    '\n',
  );
  const text = fc.array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 12 });
  fc.assert(
    fc.property(text, (parts) => {
      const location = parts.join('');
      try {
        const url = parseUploadLocation(location, asked, at);
        expect(['http:', 'https:']).toContain(url.protocol);
        const query = withDigest(url, digest).search;
        expect(query.startsWith(url.search)).toBe(true);
        expect(query.endsWith(`digest=${escaped}`)).toBe(true);
      } catch (error) {
        if (!(error instanceof DeployError)) throw error;
        expect(error.message).toBe('could not push to registry.example/acme/agent: it named no upload location');
      }
    }),
    { numRuns: 1_000 },
  );
});
