import { afterEach, describe, expect, it } from '@jest/globals';
import { DeployError } from '../../../../src/model/errors.ts';
import { answer, answersInTurn, closeServices, openService, openWorld, steppingClock } from './world.ts';

afterEach(closeServices);

const endpointOf = (service: { url: string }) => ({ endpoint: { url: service.url, headers: async () => ({}) } });

describe('a round of smoke tests', () => {
  it('passes when every test passes, and tells what was seen', async () => {
    const service = await openService(answer(200, 'ok'));
    const world = openWorld();
    const results = await world.run('- GET /health\n- GET /ready: {contains: ok}', endpointOf(service));
    expect(results.map(({ name, passed, attempts }) => ({ name, passed, attempts }))).toEqual([
      { name: 'GET /health', passed: true, attempts: 1 },
      { name: 'GET /ready', passed: true, attempts: 1 },
    ]);
    expect(results[0]!.detail).toMatch(/^200 in \d+ ms$/);
    expect(world.printed).toHaveLength(2);
    expect(service.received.map((request) => request.path)).toEqual(['/health', '/ready']);
  });

  it('does not run what comes after the first test that failed, and does not count it as passed', async () => {
    const service = await openService((request, response) => {
      response.writeHead(request.path === '/bad' ? 500 : 200).end();
    });
    const results = await openWorld().run(
      '- GET /a\n- GET /bad: {retry-for: 0s}\n- GET /c\n- run: "true"',
      endpointOf(service),
    );
    expect(results.map((result) => [result.passed, result.attempts])).toEqual([
      [true, 1],
      [false, 1],
      [false, 0],
      [false, 0],
    ]);
    expect(results[2]!.detail).toBe('not run: "GET /bad" failed before it');
    expect(service.received.map((request) => request.path)).toEqual(['/a', '/bad']);
  });

  it('tries a cold start again until it passes', async () => {
    const service = await openService(answersInTurn(answer(503), answer(503), answer(503), answer(200)));
    const world = openWorld();
    const [result] = await world.run('- GET /health', endpointOf(service));
    expect(result).toMatchObject({ passed: true, attempts: 4 });
    expect(result!.durationMs).toBe(1_000 + 1_300 + 1_690);
  });

  it('tries once more after a request that got no answer, also without retry-for', async () => {
    const service = await openService(answersInTurn((_, response) => void response.destroy(), answer(200)));
    const [result] = await openWorld().run('- GET /health: {retry-for: 0s}', endpointOf(service));
    expect(result).toMatchObject({ passed: true, attempts: 2 });
  });

  it('fails when the second request gets no answer either', async () => {
    const service = await openService((_, response) => void response.destroy());
    const [result] = await openWorld().run('- GET /health: {retry-for: 0s}', endpointOf(service));
    expect(result).toMatchObject({ passed: false, attempts: 2 });
  });

  it('gives up when retry-for is used up, and not before', async () => {
    const service = await openService(answer(503, 'starting'));
    const clock = steppingClock();
    const startedAt = clock.now();
    const [result] = await openWorld({ clock }).run('- GET /health: {retry-for: 20s}', endpointOf(service));
    expect(result).toMatchObject({
      passed: false,
      detail: 'expected a status from 200 to 299, got 503: "starting"',
    });
    expect(clock.now() - startedAt).toBe(20_000);
    expect(result!.attempts).toBe(service.received.length);
  });

  it('prints a reason once while it stays the same, and again when it changes', async () => {
    const service = await openService(
      answersInTurn(answer(503, '1'), answer(503, '2'), answer(503, '3'), answer(404), answer(404), answer(200)),
    );
    const world = openWorld();
    await world.run('- GET /health', endpointOf(service));
    expect(world.printed.map((line) => line.replace(/;.*| in .*/, ''))).toEqual([
      '… GET /health: expected a status from 200 to 299, got 503: "1"',
      '… GET /health: expected a status from 200 to 299, got 404 with an empty body',
      '✓ GET /health: 200',
    ]);
  });

  it('wants the passes in a row', async () => {
    const service = await openService(
      answersInTurn(answer(200), answer(200), answer(500), answer(200), answer(200), answer(200)),
    );
    const [result] = await openWorld().run('- GET /health: {passes: 3}', endpointOf(service));
    expect(result).toMatchObject({ passed: true, attempts: 6 });
    expect(result!.detail).toContain('(3 times in a row)');
  });

  it('fails on the first bad one of several passes when nothing is tried again', async () => {
    const service = await openService(answersInTurn(answer(200), answer(500)));
    const [result] = await openWorld().run('- GET /health: {passes: 3, retry-for: 0s}', endpointOf(service));
    expect(result).toMatchObject({ passed: false, attempts: 2 });
  });

  it("stops at the run's deadline, however long it may try again", async () => {
    const service = await openService(answer(503));
    const clock = steppingClock();
    const deadline = clock.now() + 8_000;
    const [result] = await openWorld({ clock }).run('- GET /health: {retry-for: 1h}', {
      ...endpointOf(service),
      deadline,
    });
    expect(result).toMatchObject({ passed: false });
    expect(result!.detail).toContain("the run's time was up");
    expect(clock.now()).toBeLessThan(deadline);
  });

  it('does not pass for want of time', async () => {
    const service = await openService(answer(200));
    const clock = steppingClock();
    const late = await openWorld({ clock }).run('- GET /health', { ...endpointOf(service), deadline: clock.now() });
    expect(late).toMatchObject([{ passed: false, attempts: 0, detail: "not run: the run's time was up" }]);
    const deadline = clock.now() + 1_500;
    const cut = await openWorld({ clock }).run('- GET /health: {passes: 3}', { ...endpointOf(service), deadline });
    expect(cut).toMatchObject([{ passed: false, detail: "passed 2 times in a row, then the run's time was up" }]);
  });

  it('does not pass without a base URL', async () => {
    const [result] = await openWorld().run('- GET /health');
    expect(result).toMatchObject({ passed: false, attempts: 1 });
    expect(result!.detail).toContain('no base URL is known. Set `url`');
  });

  it('ends with the reason of the cancellation, in the middle of a pause', async () => {
    const service = await openService(answer(503));
    const controller = new AbortController();
    const reason = new DeployError('CANCELLED', 'the job was cancelled');
    const stepping = steppingClock();
    const clock = {
      now: stepping.now,
      async sleep(ms: number, signal?: AbortSignal) {
        controller.abort(reason);
        await stepping.sleep(ms, signal);
      },
    };
    const world = openWorld({ clock, signal: controller.signal });
    await expect(world.run('- GET /health', endpointOf(service))).rejects.toBe(reason);
    expect(service.received).toHaveLength(1);
  });

  it('ends with the reason of the cancellation, in the middle of a request', async () => {
    const controller = new AbortController();
    const reason = new DeployError('CANCELLED', 'the job was cancelled');
    const service = await openService(() => controller.abort(reason));
    const world = openWorld({ signal: controller.signal });
    await expect(world.run('- GET /health', endpointOf(service))).rejects.toBe(reason);
  });

  it('ends with the reason of the cancellation, in the middle of a body', async () => {
    const controller = new AbortController();
    const reason = new DeployError('CANCELLED', 'the job was cancelled');
    const service = await openService((_request, response) => {
      response.writeHead(200).write('half', () => setImmediate(() => controller.abort(reason)));
    });
    const world = openWorld({ signal: controller.signal });
    await expect(world.run('- GET /health', endpointOf(service))).rejects.toBe(reason);
  });
});
