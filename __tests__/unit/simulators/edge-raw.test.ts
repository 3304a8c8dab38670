import { afterEach, describe, expect, it } from '@jest/globals';
import type { Wire } from '../../../simulators/edge/host.ts';
import { chunk, head } from '../../../simulators/hostile/bytes.ts';
import { openStage, type Stage } from '../../fixtures/stage/open-stage.ts';

const url = 'https://cloud.test/thing';

let stage: Stage;
afterEach(() => stage.close());

async function answerWith(raw: (wire: Wire) => Promise<void>) {
  stage = await openStage(() => ({ status: 0, raw }));
  const [result] = await stage.request({ url, bodyTimeoutMs: 60_000 });
  return result!;
}

describe('an answer of raw bytes', () => {
  it('reaches the client as it is', async () => {
    const result = await answerWith(({ write }) => write(`${head('418 Teapot', ['content-length: 2'])}hi`));
    expect(result).toMatchObject({ status: 418, body: 'hi' });
  });

  it('comes in pieces, with virtual time between them', async () => {
    const result = await answerWith(async ({ write, sleep }) => {
      await write(head('200 OK', ['transfer-encoding: chunked']));
      for (const piece of ['a', 'b']) {
        await sleep(10_000);
        await write(chunk(piece));
      }
      await write('0\r\n\r\n');
    });
    expect(result).toMatchObject({ status: 200, body: 'ab', tookMs: 20_000 });
  });

  it('may be a reset', async () => {
    const result = await answerWith(async ({ reset }) => reset());
    expect(result.error).toMatch(/ECONNRESET/);
  });
});
