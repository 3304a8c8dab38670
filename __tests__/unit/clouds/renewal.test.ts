import { describe, expect, test } from '@jest/globals';
import { openRenewal, openTokenRenewal } from '../../../src/clouds/renewal.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';

const MINUTE = 60_000;

/** Credentials named 1, 2, 3, …, that live as long as the test says. */
function open(lifeMs: number, fails: () => boolean = () => false) {
  const { clock } = fakeIo();
  const asked: boolean[] = [];
  const renew = async (isRefused: boolean) => {
    asked.push(isRefused);
    if (fails()) throw new Error('no answer');
    const credentials = { headers: { name: String(asked.length) }, connection: {} };
    return { credentials, expiresAt: clock.now() + lifeMs };
  };
  return { clock, asked, credentials: openRenewal(renew, { clock, beforeEndMs: MINUTE }) };
}

describe('credentials that end', () => {
  test('are got when they are needed, and again before they end', async () => {
    const { clock, asked, credentials } = open(10 * MINUTE);
    expect(asked).toEqual([]);
    const first = await credentials(null);
    await clock.sleep(9 * MINUTE - 1);
    expect(await credentials(null)).toBe(first);
    await clock.sleep(1);
    expect((await credentials(null)).headers).toEqual({ name: '2' });
    expect(asked).toEqual([false, false]);
  });

  test('are got once for all who ask at the same time', async () => {
    const { asked, credentials } = open(10 * MINUTE);
    const all = await Promise.all([credentials(null), credentials(null), credentials(null)]);
    expect(new Set(all).size).toBe(1);
    expect(asked).toHaveLength(1);
  });

  test('are got again when they were refused, unless others are there already', async () => {
    const { asked, credentials } = open(10 * MINUTE);
    const first = await credentials(null);
    const second = await credentials(first);
    expect(second).not.toBe(first);
    expect(await credentials(first)).toBe(second);
    expect(asked).toEqual([false, true]);
  });

  test('are given out until they end where no others can be got', async () => {
    let isBroken = false;
    const { clock, credentials } = open(10 * MINUTE, () => isBroken);
    const first = await credentials(null);
    isBroken = true;
    await clock.sleep(9 * MINUTE + 30_000);
    expect(await credentials(null)).toBe(first);
    await expect(credentials(first)).rejects.toThrow('no answer');
    await clock.sleep(30_000);
    await expect(credentials(null)).rejects.toThrow('no answer');
    isBroken = false;
    expect(await credentials(null)).not.toBe(first);
  });
});

test('a token that is the same as before is the same credentials', async () => {
  const { clock } = fakeIo();
  let token = 'one';
  const asked: boolean[] = [];
  const getToken = async (isRefused: boolean): Promise<string> => {
    asked.push(isRefused);
    return token;
  };
  const toCredentials = (given: string) => ({ headers: { authorization: given }, connection: {} });
  const credentials = openTokenRenewal(getToken, toCredentials, { clock });
  const first = await credentials(null);
  await clock.sleep(59_999);
  await credentials(null);
  expect(asked).toEqual([false]);
  await clock.sleep(1);
  expect(await credentials(null)).toBe(first);
  expect(await credentials(first)).toBe(first);
  token = 'two';
  expect((await credentials(first)).headers).toEqual({ authorization: 'two' });
  expect(asked).toEqual([false, false, true, true]);
});
