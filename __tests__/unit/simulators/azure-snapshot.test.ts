import { afterEach, describe, expect, it } from '@jest/globals';
import type { AppOptions } from '../../../simulators/azure/add-app.ts';
import type { AppChanges } from '../../../simulators/azure/azure-cloud.ts';
import { AUDIT_FIELDS, withoutAudit } from '../../../simulators/azure/snapshot.ts';
import { APP, APP_PATH, type AzureStage, openAzureStage, template, traffic } from '../../fixtures/azure/azure-stage.ts';

let stage: AzureStage;

afterEach(() => stage.close());

const open = async (options: Partial<AppOptions> = {}): Promise<void> => {
  stage = await openAzureStage({ revisionSuffix: 'v1', ...options });
};
const snapshot = () => withoutAudit(stage.world.azure.snapshot(APP));
const change = async (properties: Parameters<typeof stage.arm>[2]): Promise<void> => {
  const { status, body } = await stage.arm('PATCH', APP_PATH, { properties: properties ?? {} });
  if (status !== 202) throw new Error(JSON.stringify(body));
  await stage.world.clock.advance(30_000);
};
const post = (path: string) => stage.arm('POST', `${APP_PATH}/revisions/${path}`);

describe('a snapshot is as before', () => {
  it('after a deploy in Multiple mode and a rollback to the same revision', async () => {
    await open({ ingress: { traffic: [{ revisionName: 'agent--v1', weight: 100, label: 'live' }] } });
    const before = stage.world.azure.snapshot(APP);
    const old = (await stage.arm('GET', APP_PATH)).body.properties.template;
    await change({ ...template(stage.image('v2'), 'v2'), ...traffic({ revisionName: 'agent--v1', weight: 100 }) });
    await change(traffic({ revisionName: 'agent--v2', weight: 100 }));
    expect(snapshot()).not.toEqual(withoutAudit(before));
    await change({ template: old, ...traffic({ revisionName: 'agent--v1', weight: 100, label: 'live' }) });
    expect(snapshot()).not.toEqual(withoutAudit(before));
    await post('agent--v2/deactivate');
    expect(stage.world.azure.snapshot(APP)).not.toEqual(before);
    expect(snapshot()).toEqual(withoutAudit(before));
  });

  it('after a deploy in Single mode and the old template under a new name', async () => {
    await open({ mode: 'Single' });
    const before = snapshot();
    const [v1, v2] = [stage.image('v1'), stage.image('v2')];
    await change(template(v2, 'v2'));
    expect(snapshot()).not.toEqual(before);
    await change(template(v1, 'v1-again'));
    expect(snapshot()).toEqual(before);
  });

  it('after a deploy that failed in its operation only when the template is restored', async () => {
    await open();
    const before = snapshot();
    await change(template('acme.azurecr.io/agent:missing', 'v2'));
    expect(snapshot()).not.toEqual(before);
    await change(template(stage.image('v1'), 'v1'));
    expect(snapshot()).toEqual(before);
  });
});

describe('a snapshot does not hide', () => {
  const inTemplate = (members: object): AppChanges => ({ document: { properties: { template: { ...members } } } });

  it.each<[string, AppChanges]>([
    ['an image', inTemplate({ containers: [{ name: 'agent', image: 'x' }] })],
    ['an unknown member of the template', inTemplate({ future: 1 })],
    ['the scale', inTemplate({ scale: { maxReplicas: 3 } })],
    ['a tag', { document: { tags: { team: 'x' } } }],
    ['a secret', { document: { properties: { configuration: { secrets: [{ name: 'a', value: 'b' }] } } } }],
    ['the port', { document: { properties: { configuration: { ingress: { targetPort: 1 } } } } }],
    ['traffic that was only written', { document: { properties: { configuration: { ingress: { traffic: [] } } } } }],
    ['a failed app', { provisioningState: 'Failed' }],
    ['a stopped app', { runningStatus: 'Stopped' }],
  ])('%s', async (_, changes) => {
    await open();
    const before = snapshot();
    stage.world.azure.setApp(APP, changes);
    expect(snapshot()).not.toEqual(before);
  });

  it('a revision that was left active', async () => {
    await open();
    await change({ ...template(stage.image('v2'), 'v2'), ...traffic({ revisionName: 'agent--v1', weight: 100 }) });
    await post('agent--v2/deactivate');
    await change({
      template: {
        revisionSuffix: 'v1',
        containers: [{ name: APP, image: stage.image('v1'), resources: { cpu: 0.5, memory: '1Gi' } }],
      },
    });
    const before = snapshot();
    await post('agent--v2/activate');
    expect(snapshot()).not.toEqual(before);
  });

  it('another label or weight in force', async () => {
    await open();
    const before = snapshot();
    stage.world.azure.findApp(APP).traffic = [{ revision: 'agent--v1', weight: 100, label: 'x', credit: 0 }];
    expect(snapshot()).not.toEqual(before);
  });

  it('a revision that no longer serves', async () => {
    await open();
    const before = snapshot();
    const [container] = stage.world.azure.findRevision(APP, 'v1').replicas[0]!.containers;
    container!.ready = false;
    expect(snapshot()).not.toEqual(before);
  });

  it('another image under the same name', async () => {
    await open();
    const before = snapshot();
    const [container] = stage.world.azure.findRevision(APP, 'v1').replicas[0]!.containers;
    container!.digest = `sha256:${'0'.repeat(64)}`;
    expect(snapshot()).not.toEqual(before);
  });

  it('Easy Auth', async () => {
    await open();
    const before = snapshot();
    stage.world.azure.findApp(APP).authConfigs.set('current', { properties: { platform: { enabled: true } } });
    expect(snapshot()).not.toEqual(before);
  });
});

it('what is left out is this list, and every entry of it is there to be left out', async () => {
  await open();
  const whole = stage.world.azure.snapshot(APP);
  const needless = AUDIT_FIELDS.filter((field) => {
    const others = AUDIT_FIELDS.filter((other) => other !== field);
    return JSON.stringify(withoutAudit(whole)) === JSON.stringify(withoutAudit(whole, others));
  });
  expect(needless).toEqual([]);
});
