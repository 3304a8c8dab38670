import { describe, expect, it } from '@jest/globals';
import { withoutAudit } from '../../../simulators/google/snapshot.ts';
import { GoogleStage, LATEST, pinned, SERVICE } from './google-stage.ts';

const one = { template: { revision: 'agent-one' } };

describe('an address', () => {
  it('answers as the image says, on both of the service and of its tags', async () => {
    const stage = new GoogleStage();
    const echo = { '/predict': { status: 201, echo: true } };
    const image = stage.image('v1', { answers: echo });
    stage.service({ image, ...one, traffic: [pinned('agent-one', 100, 'canary')] });
    const { urls } = await stage.get();
    for (const base of [...urls, ...urls.map((url) => url.replace('https://', 'https://canary---'))]) {
      const answer = await stage.request(`${base}/predict`, { method: 'POST', body: Buffer.from('{"a":1}') });
      expect(answer.status).toBe(201);
      expect(JSON.parse(String(answer.body))).toMatchObject({ method: 'POST', body: '{"a":1}' });
    }
  });

  it.each([
    ['a tag that is not there', {}, 'https://nope---'],
    ['internal ingress', { ingress: 'INGRESS_TRAFFIC_INTERNAL_ONLY' }, 'https://'],
    ['internal ingress with a load balancer', { ingress: 'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER' }, 'https://'],
    ['a disabled default address', { defaultUriDisabled: true }, 'https://'],
  ])('is not found for %s', async (_, extras, start) => {
    const stage = new GoogleStage();
    const url = stage.service({ ...one, extras });
    expect((await stage.request(url.replace('https://', start))).status).toBe(404);
    expect(stage.cloud.served(SERVICE)).toEqual([]);
  });

  it('is not shown when it is disabled', async () => {
    const stage = new GoogleStage();
    stage.service({ extras: { defaultUriDisabled: true } });
    const view = await stage.get();
    expect(view).not.toHaveProperty('uri');
    expect(view).not.toHaveProperty('urls');
  });

  it('leads to a sign-in page behind the Identity-Aware Proxy', async () => {
    const stage = new GoogleStage();
    const url = stage.service({ extras: { iapEnabled: true } });
    const { status, headers } = await stage.request(url);
    expect(status).toBe(302);
    expect(headers?.['location']).toMatch(/^https:\/\/accounts\.google\.com\//);
  });
});

describe('an instance', () => {
  const answer = async (stage: GoogleStage, url: string) => {
    const { status, body, delayMs = 0 } = await stage.request(url);
    return { status, body, delayMs };
  };

  it('is started by the first request, which waits for it, and stopped after a while without requests', async () => {
    const stage = new GoogleStage();
    const url = stage.service();
    expect(await answer(stage, url)).toEqual({ status: 200, body: 'agent v1', delayMs: 2_000 });
    stage.advance(2);
    expect(await answer(stage, url)).toEqual({ status: 200, body: 'agent v1', delayMs: 0 });
    stage.advance(899);
    expect((await answer(stage, url)).delayMs).toBe(0);
    stage.advance(900);
    expect((await answer(stage, url)).delayMs).toBe(2_000);
  });

  it('stays where a minimum is set', async () => {
    const stage = new GoogleStage();
    const url = stage.service({ template: { scaling: { minInstanceCount: 1 } } });
    await answer(stage, url);
    stage.advance(3_600);
    expect((await answer(stage, url)).delayMs).toBe(0);
  });

  it('may be good and then bad, fail at times, or crash when it has served', async () => {
    const stage = new GoogleStage();
    const bad = stage.service({ service: 'bad', image: stage.image('bad', { unhealthyAfterMs: 40_000 }) });
    const flaky = stage.service({ service: 'flaky', image: stage.image('flaky', { failEvery: 100 }) });
    const crash = { afterMs: 10_000, exitCode: 1, logs: [] };
    const crashing = stage.service({ service: 'crashing', image: stage.image('crashing', { crash }) });
    expect((await answer(stage, bad)).status).toBe(200);
    expect((await answer(stage, crashing)).delayMs).toBe(2_000);
    stage.advance(9);
    expect((await answer(stage, crashing)).delayMs).toBe(0);
    stage.advance(1);
    expect((await answer(stage, crashing)).delayMs).toBe(2_000);
    stage.advance(30);
    expect((await answer(stage, bad)).status).toBe(503);
    const statuses = [];
    for (let n = 0; n < 200; n += 1) statuses.push((await answer(stage, flaky)).status);
    expect(statuses.filter((status) => status === 500)).toHaveLength(2);
  });
});

describe('shares of the traffic', () => {
  it('are exact and evenly spread: 5, 25 and 70 of every 100', async () => {
    const stage = new GoogleStage();
    const url = stage.service(one);
    await stage.wait(await stage.deploy(stage.image('v2'), 'agent-two'));
    await stage.wait(await stage.deploy(stage.image('v3'), 'agent-three'));
    const traffic = [pinned('agent-one', 70), pinned('agent-two', 5), { ...LATEST, percent: 25 }];
    await stage.wait((await stage.patch({ traffic })).document);
    const bodies: string[] = [];
    for (let n = 0; n < 100; n += 1) bodies.push(String((await stage.request(url)).body));
    const count = (body: string) => bodies.filter((other) => other === body).length;
    expect([count('agent v1'), count('agent v2'), count('agent v3')]).toEqual([70, 5, 25]);
    expect(bodies.slice(0, 20).filter((body) => body === 'agent v2')).toHaveLength(1);
  });
});

describe('a snapshot', () => {
  it('is as before after a canary and a rollback', async () => {
    const stage = new GoogleStage();
    stage.service({ ...one, traffic: [pinned('agent-one', 100, 'stable')] });
    const before = stage.cloud.snapshot(SERVICE);
    const { template, traffic } = await stage.get();
    const canary = [pinned('agent-one', 95, 'stable'), pinned('agent-two', 5, 'canary')];
    await stage.wait(await stage.deploy(stage.image('v2'), 'agent-two', { traffic: canary }));
    expect(withoutAudit(stage.cloud.snapshot(SERVICE))).not.toEqual(withoutAudit(before));
    await stage.wait((await stage.patch({ template, traffic })).document);
    const after = stage.cloud.snapshot(SERVICE);
    expect(after).not.toEqual(before);
    expect(withoutAudit(after)).toEqual(withoutAudit(before));
  });

  it('is as before after a deployment that failed and whose template was taken back, under a new name of the platform', async () => {
    const stage = new GoogleStage();
    stage.service();
    const before = stage.cloud.snapshot(SERVICE);
    const { template } = await stage.get();
    await stage.wait(await stage.deploy('ghcr.io/acme/agent:none', 'agent-two'));
    expect(withoutAudit(stage.cloud.snapshot(SERVICE))).not.toEqual(withoutAudit(before));
    await stage.wait((await stage.patch({ template })).document);
    expect(withoutAudit(stage.cloud.snapshot(SERVICE))).toEqual(withoutAudit(before));
  });

  it('takes a template without a name and one with the name that the platform gave for the same, and no other name', async () => {
    const stage = new GoogleStage();
    stage.service();
    const before = withoutAudit(stage.cloud.snapshot(SERVICE));
    const { template, latestReadyRevision } = await stage.get();
    const restore = async (revision: string) => {
      await stage.wait(await stage.deploy(stage.image('v2'), 'agent-two'));
      await stage.wait((await stage.patch({ template: { ...template, revision } })).document);
      return withoutAudit(stage.cloud.snapshot(SERVICE));
    };
    expect(await restore(latestReadyRevision.split('/').at(-1) ?? '')).toEqual(before);
    expect(await restore('agent-mine')).not.toEqual(before);
  });

  it.each<[string, object]>([
    ['the ingress', { ingress: 'INGRESS_TRAFFIC_INTERNAL_ONLY' }],
    ['a label', { labels: { team: 'theirs' } }],
    ['the traffic', { traffic: [{ ...LATEST, tag: 'mine' }] }],
    ['an unknown member', { future: { uid: 1 } }],
    ['a member with the name of an audit field, deeper down', { buildConfig: { revision: 'x' } }],
  ])('does not hide that %s is another', (_, extras) => {
    const stage = new GoogleStage();
    stage.service();
    const before = withoutAudit(stage.cloud.snapshot(SERVICE));
    stage.cloud.setService(SERVICE, { extras: extras as never });
    expect(withoutAudit(stage.cloud.snapshot(SERVICE))).not.toEqual(before);
  });

  it.each<[string, object]>([
    ['an environment variable', { containers: [{ image: 'x', env: [{ name: 'etag', value: '2' }] }] }],
    ['the name of its revision', { revision: 'agent-other' }],
    ['its account', { serviceAccount: 'other@acme.iam.gserviceaccount.com' }],
    ['the scaling', { scaling: { minInstanceCount: 3 } }],
  ])('does not hide that %s of the template is another', (_, change) => {
    const snapshot = (template: object) => {
      const stage = new GoogleStage();
      stage.images.set('x', { ...[...stage.images.values()][0], version: 'x', readyAfterMs: 0 } as never);
      const containers = [{ image: 'x', env: [{ name: 'etag', value: '1' }] }];
      stage.service({ template: { containers, ...template } });
      return withoutAudit(stage.cloud.snapshot(SERVICE));
    };
    expect(snapshot({})).toEqual(snapshot({}));
    expect(snapshot(change)).not.toEqual(snapshot({}));
  });

  it('does not hide that another content serves, a tag is gone, or everybody may call', async () => {
    const changes: ((stage: GoogleStage) => void)[] = [
      ({ cloud }) => cloud.setService(SERVICE, { isPublic: false }),
      ({ cloud }) => void Object.assign(cloud.look(SERVICE).routes[0]!, { tag: '' }),
      ({ cloud }) =>
        void Object.assign(cloud.look(SERVICE).routes[0]!.revision.containers[0]!, { digest: 'sha256:other' }),
      ({ cloud }) => void Object.assign(cloud.look(SERVICE).routes[0]!.revision, { template: { other: true } }),
      ({ cloud }) => void Object.assign(cloud.look(SERVICE), { routeTrouble: { why: {}, message: 'broken' } }),
    ];
    for (const change of changes) {
      const stage = new GoogleStage();
      stage.service({ ...one, traffic: [pinned('agent-one', 100, 'stable')] });
      const before = withoutAudit(stage.cloud.snapshot(SERVICE));
      change(stage);
      expect(withoutAudit(stage.cloud.snapshot(SERVICE))).not.toEqual(before);
    }
  });
});
