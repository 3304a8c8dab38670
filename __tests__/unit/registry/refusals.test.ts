import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { HttpResponse } from '../../../src/io/http.ts';
import { basicHeader } from '../../../src/registry/basic-header.ts';
import { readRefusal } from '../../../src/registry/registry-error.ts';

const basic = basicHeader({ username: 'octocat', password: 'hunter2secret' });

async function read(body: string, sent: string | null = null) {
  const response = { status: 403, headers: {}, body: Readable.from([Buffer.from(body)]) };
  const { codes, text } = await readRefusal(response as unknown as HttpResponse, 0, sent);
  return { codes, text };
}

describe('what is shown of a refusal', () => {
  test.each([
    [
      'the first error of the distribution spec',
      '{"errors":[{"code":"DENIED","message":"no\\nway","detail":"x"}]}',
      ['DENIED'],
      'no way',
    ],
    ["a token service's word for it", '{"details":"incorrect username","token":"abc"}', [], 'incorrect username'],
    ['nothing of another document', '{"token":"abc"}', [], ''],
    ['nothing of a document that breaks off', '{"token":"abc', [], ''],
    ['nothing of a page', '<html><body>sign in</body></html>', [], ''],
    [
      "the storage's code",
      '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Key>k</Key></Error>',
      ['AccessDenied'],
      '',
    ],
    ['a line of plain text', 'Not\n  Authorized ', [], 'Not Authorized'],
  ])('is %s', async (_, body, codes, text) => {
    expect(await read(body)).toEqual({ codes, text });
  });

  test.each([
    ['the password', basic, 'wrong: hunter2secret', 'wrong: ***'],
    ['the whole login', basic, `wrong: ${basic}`, 'wrong: Basic ***'],
    ['the token', 'Bearer ey.abc.def', 'wrong: ey.abc.def', 'wrong: ***'],
    ['nothing where nothing was sent', null, 'wrong: ey.abc.def', 'wrong: ey.abc.def'],
  ])('is shown without %s', async (_, sent, body, text) => {
    expect(await read(body, sent)).toEqual({ codes: [], text });
  });
});
