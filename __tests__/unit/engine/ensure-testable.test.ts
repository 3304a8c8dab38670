import { expect, test } from '@jest/globals';
import { ensureTestable } from '../../../src/engine/ensure-testable.ts';
import { parseSmokeTests } from '../../../src/inputs/smoke-tests.ts';
import type { Workload } from '../../../src/model/workload.ts';
import type { Step } from '../../../src/strategies/strategy.ts';
import { openWorld } from './smoke-tests/world.ts';

const preview = [{ kind: 'smoke-test', against: 'preview' }] as unknown as readonly Step[];
const live = [{ kind: 'smoke-test', against: 'live' }] as unknown as readonly Step[];

async function check(yaml: string, { steps = preview, reserves = true } = {}): Promise<string> {
  const capabilities = reserves ? { previewReserves: ['authorization'] } : {};
  const workload = { capabilities } as unknown as Workload;
  const smokeTests = parseSmokeTests(yaml, { readFile: () => null });
  return await ensureTestable({ workload, steps, smokeTests, image: null }, openWorld().io).then(
    () => 'fine',
    (error: Error) => error.message,
  );
}

test.each([
  ['- grpc: health', '"grpc: health"'],
  ['- GET /a\n- GET /b: { http2: true }', '"GET /b"'],
])('what takes HTTP/2 is refused where a preview passes it on by HTTP/1.1: %j', async (yaml, name) => {
  const message = await check(yaml);
  expect(message).toBe(
    `could not test before the first traffic: ${name}: the address of a revision without traffic passes no HTTP/2 on`,
  );
});

test.each([
  ['at its own address', '- { grpc: health, url: "https://agent.acme.dev" }', {}],
  ['by HTTP/1.1', '- websocket: /\n- GET /', {}],
  ['without a preview', '- grpc: health', { steps: live }],
  ['where the preview is reached directly', '- grpc: health', { reserves: false }],
])('what can work is not refused: %s', async (_, yaml, options) => {
  expect(await check(yaml, options)).toBe('fine');
});
