import { describe, expect, test } from '@jest/globals';
import { RegistryError } from '../../../src/registry/registry-error.ts';
import { MOST_AT_ONCE, openRequestGate, type RequestGate } from '../../../src/registry/request-gate.ts';
import { manualClock } from './world.ts';

const call = { what: 'push it', registry: 'ghcr.io', writes: true, anonymous: false };
const tooMany = (retryAfterMs: number | null = null) =>
  new RegistryError(call, { status: 429, codes: [], text: '', retryAfterMs });
const { signal } = new AbortController();

/** A registry whose answers are given by hand. */
function openRegistry(gate: RequestGate) {
  const open: { readonly answer: () => void; readonly refuse: (error: Error) => void }[] = [];
  const ask = (until = signal): Promise<unknown> =>
    gate.pass(() => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      open.push({ answer: resolve, refuse: reject });
      return promise;
    }, until);
  return { open, ask };
}

/** Everything that can happen without an answer has happened. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

async function openAfterThrottle(retryAfterMs: number | null = null) {
  const clock = manualClock();
  const gate = openRequestGate(clock);
  const registry = openRegistry(gate);
  const asked = Array.from({ length: MOST_AT_ONCE * 3 }, () => registry.ask().catch((error: unknown) => error));
  await settled();
  const first = registry.open.splice(0);
  for (const { refuse } of first) refuse(tooMany(retryAfterMs));
  await settled();
  return { clock, gate, ...registry, asked, first };
}

describe('requests to one registry', () => {
  test('are under way at once up to a limit, and the others wait', async () => {
    const { first } = await openAfterThrottle();
    expect(first).toHaveLength(MOST_AT_ONCE);
  });

  test('are half as many after "too many requests", however many of them were told so', async () => {
    const { open } = await openAfterThrottle();
    expect(open).toHaveLength(MOST_AT_ONCE / 2);
  });

  test('grow by one when all places have been used well', async () => {
    const { open } = await openAfterThrottle();
    for (const { answer } of open.splice(0)) answer();
    await settled();
    expect(open).toHaveLength(MOST_AT_ONCE / 2 + 1);
  });

  test('are one at a time at the least', async () => {
    const { open } = await openAfterThrottle();
    for (let round = 0; round < 6; round += 1) {
      for (const { refuse } of open.splice(0)) refuse(tooMany());
      await settled();
    }
    expect(open).toHaveLength(1);
  });

  test('all wait until the time that one was told to come back', async () => {
    const { clock } = await openAfterThrottle(7_000);
    expect(clock.sleeps[0]).toBe(7_000);
  });

  test('that were given up while they waited are never sent', async () => {
    const { open, ask } = openRegistry(openRequestGate(manualClock()));
    const busy = Array.from({ length: MOST_AT_ONCE }, () => ask());
    const job = new AbortController();
    const waiting = ask(job.signal);
    await settled();
    job.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
    for (const { answer } of open.splice(0)) answer();
    await Promise.all(busy);
    expect(open).toEqual([]);
  });

  test('that are part of another need no place of their own', async () => {
    const gate = openRequestGate(manualClock());
    const { open, ask } = openRegistry(gate);
    const busy = Array.from({ length: MOST_AT_ONCE }, () => ask());
    await settled();
    expect(await gate.passWithin(async () => 'came through', signal)).toBe('came through');
    for (const { answer } of open) answer();
    await Promise.all(busy);
  });
});
