import { describe, expect, test } from '@jest/globals';
import { chooseBase } from '../../../../../src/clouds/google/cloud-run/choose-base.ts';
import { chooseTag, markOfContent } from '../../../../../src/clouds/google/cloud-run/revision-name.ts';
import { withMarker } from '../../../../../src/clouds/google/cloud-run/rollout-annotation.ts';
import type { JsonObject } from '../../../../../src/model/json.ts';
import type { Base } from '../../../../../src/model/workload.ts';
import { fakeRun } from './fake-run.ts';

const OLD = 'agent-00001-abc';
const NEW = 'agent-00002-def';
const configured = (url: string): JsonObject => ({
  containers: [{ name: 'web', image: url, env: [{ name: 'URL', value: url }] }],
});
const staging = configured('staging');
const production = configured('production');
const share = (revision: string, percent: number): JsonObject => ({
  ...{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision, percent },
});

/** `newest` has the template of staging, OLD that of production. */
function given(statuses: readonly JsonObject[], { newest = NEW, old = production } = {}) {
  const service = {
    ...{ template: staging, latestCreatedRevision: newest, latestReadyRevision: newest },
    ...{ traffic: statuses, trafficStatuses: statuses },
  };
  const fake = fakeRun(service, { [OLD]: old, [newest]: staging });
  return { ...fake, choose: (base: Base | null) => chooseBase(fake.run, fake.look(), base) };
}

describe('the base of a change', () => {
  test.each([null, 'serving', 'latest'] as const)(
    'is the newest template where that serves, by no call: %s',
    async (base) => {
      const { choose, calls } = given([share(NEW, 90), share(OLD, 10)]);
      expect(await choose(base)).toEqual({ template: staging, serving: staging });
      expect(calls).toEqual([]);
    },
  );

  test('is what serves where the newest is ours by its tag, or by the marker of the run that makes it', async () => {
    const { choose, calls, set } = given([share(OLD, 100)]);
    const run = { id: 'one', name: 'acme/agent, run 1', since: 1 };
    const point = { resource: 'service agent', revision: OLD, data: {}, run };
    const marker = { run, point, until: 2, mark: markOfContent('agent', staging), phase: 'creating' } as const;
    set({ annotations: withMarker({}, marker) });
    expect(await choose(null)).toEqual({ template: production, serving: production });
    const tag = chooseTag('agent', NEW, { followsLatest: true, taken: [] });
    set({ annotations: {}, traffic: [share(OLD, 100), { ...share(NEW, 0), tag }] });
    calls.length = 0;
    expect(await choose(null)).toEqual({ template: production, serving: production });
    expect(calls).toEqual(['GET revisions', 'GET revisions']);
  });

  test('is what was chosen, where another user made the newest', async () => {
    const { choose } = given([share(OLD, 100)]);
    await expect(choose(null)).rejects.toMatchObject({
      ...{ code: 'UNSUPPORTED', hint: expect.stringContaining('`base: latest`') },
      message: expect.stringMatching(/: container web: environment variable URL changed$/),
    });
    expect(await choose('serving')).toEqual({ template: production, serving: production });
    expect(await choose('latest')).toEqual({ template: staging, serving: production });
  });

  test('is the newest where only its images differ', async () => {
    const old = { containers: [{ ...(staging['containers'] as JsonObject[])[0], image: 'other' }] };
    const { choose } = given([share(OLD, 100)], { old });
    expect(await choose(null)).toEqual({ template: staging, serving: old });
  });

  test('is refused with as many names as a person reads', async () => {
    const env = Array.from({ length: 30 }, (_, n) => ({ name: `V${n}`, value: 'x' }));
    const { choose } = given([share(OLD, 100)], { old: { containers: [{ name: 'web', image: 'x', env }] } });
    await expect(choose(null)).rejects.toThrow(/V18 removed, and 11 more$/);
  });

  test('is the newest template where nothing serves, which the capture of the state refuses', async () => {
    expect(await given([]).choose('serving')).toEqual({ template: staging, serving: staging });
  });

  test('is never made of an answer that is no revision', async () => {
    const { choose } = given([share(OLD, 100)], { old: {} });
    await expect(choose('serving')).rejects.toMatchObject({ code: 'NETWORK' });
  });
});
