import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../simulators/json.ts';
import { GoogleStage, LATEST, pinned, SERVICE, type ServiceView } from './google-stage.ts';

interface ErrorDocument extends JsonObject {
  readonly error: {
    readonly code: number;
    readonly status: string;
    readonly message: string;
    readonly details?: JsonObject[];
  };
}

const refusal = async (answer: Promise<{ status: number; document: unknown }>) => {
  const { status, document } = await answer;
  const { error } = document as ErrorDocument;
  return { http: status, ...error };
};

describe('access', () => {
  it.each([
    ['without a token', '', 'Request is missing required authentication credential.'],
    ['with an unknown one', 'Bearer ya29.guess', 'Request had invalid authentication credentials.'],
  ])('is refused %s: 401 UNAUTHENTICATED', async (_, authorization, message) => {
    const stage = new GoogleStage();
    stage.service();
    const answer = await stage.request(`${stage.root}/services/${SERVICE}`, { headers: { authorization } });
    const { error } = JSON.parse(String(answer.body)) as ErrorDocument;
    expect(error).toMatchObject({ code: 401, status: 'UNAUTHENTICATED', message: expect.stringContaining(message) });
    expect(answer.status).toBe(401);
  });

  it('ends when the token does, and when all are revoked', async () => {
    const stage = new GoogleStage();
    stage.service();
    const get = () => stage.call('GET', `services/${SERVICE}`);
    expect((await get()).status).toBe(200);
    stage.advance(3_600);
    expect((await get()).status).toBe(401);
    stage.token = stage.cloud.issueToken();
    expect((await get()).status).toBe(200);
    stage.cloud.expireTokens();
    expect((await get()).status).toBe(401);
  });

  it('to one permission can be denied, in the words of IAM, and is not listed by testIamPermissions', async () => {
    const stage = new GoogleStage();
    const name = stage.cloud.addService({ service: SERVICE, image: stage.image('v1') }).name;
    stage.cloud.deny('run.services.update');
    expect(await refusal(stage.patch({ labels: { a: 'b' } }))).toMatchObject({
      http: 403,
      status: 'PERMISSION_DENIED',
      message: `Permission 'run.services.update' denied on resource '${name}' (or resource may not exist).`,
      details: [{ reason: 'IAM_PERMISSION_DENIED', metadata: { permission: 'run.services.update', resource: name } }],
    });
    const permissions = ['run.services.get', 'run.services.update'];
    const { document } = await stage.call('POST', `services/${SERVICE}:testIamPermissions`, { permissions });
    expect(document).toEqual({ permissions: ['run.services.get'] });
  });

  it('to act as the account of a new revision is another permission, which traffic does not need', async () => {
    const stage = new GoogleStage();
    stage.service();
    stage.cloud.deny('iam.serviceaccounts.actAs');
    const { template } = await stage.get();
    expect(await refusal(stage.patch({ template: { ...template, timeout: '60s' } }))).toMatchObject({
      http: 403,
      message: expect.stringContaining("Permission 'iam.serviceaccounts.actAs' denied on service account"),
    });
    expect((await stage.patch({ traffic: [LATEST] })).status).toBe(200);
  });
});

describe('a service', () => {
  it('shows its state as the API does', async () => {
    const stage = new GoogleStage();
    const url = stage.service({ extras: { labels: { team: 'agents' } } });
    const view = await stage.get();
    expect(view).toMatchObject({
      name: `projects/acme-prod/locations/europe-west1/services/${SERVICE}`,
      generation: '1',
      observedGeneration: '1',
      labels: { team: 'agents' },
      terminalCondition: { type: 'Ready', state: 'CONDITION_SUCCEEDED' },
      traffic: [LATEST],
      latestReadyRevision: view.latestCreatedRevision,
      uri: url,
    });
    // The row for the latest revision doesn't say which that is.
    expect(view.trafficStatuses).toEqual([LATEST]);
    expect(view.uri).toMatch(/^https:\/\/agent-[a-z2-7]{10}-ew\.a\.run\.app$/);
    expect(view.urls).toEqual(['https://agent-415104041262.europe-west1.run.app', view.uri]);
    // false is never sent.
    expect(view).not.toHaveProperty('reconciling');
  });

  it('that is not there is NOT_FOUND; a deleted one too', async () => {
    const stage = new GoogleStage();
    stage.service();
    expect(await refusal(stage.call('GET', 'services/agnet'))).toMatchObject({
      http: 404,
      status: 'NOT_FOUND',
      message: "Resource 'agnet' of kind 'SERVICE' in region 'europe-west1' in project 'acme-prod' does not exist.",
    });
    await stage.call('DELETE', `services/${SERVICE}`);
    expect((await stage.call('GET', `services/${SERVICE}`)).status).toBe(404);
  });

  it('is listed, page by page', async () => {
    const stage = new GoogleStage();
    stage.service();
    stage.service({ service: 'other' });
    const first = (await stage.call('GET', 'services?pageSize=1')).document;
    const second = (await stage.call('GET', `services?pageSize=1&pageToken=${String(first['nextPageToken'])}`))
      .document;
    const names = [first, second].flatMap(({ services }) => (services as ServiceView[]).map(({ name }) => name));
    expect(names.map((name) => String(name).split('/').at(-1))).toEqual([SERVICE, 'other']);
    expect(second).not.toHaveProperty('nextPageToken');
  });

  it('is made by a PATCH that allows it to be missing', async () => {
    const stage = new GoogleStage();
    const body = { template: { containers: [{ image: stage.image('v1') }] } };
    expect((await stage.call('PATCH', `services/${SERVICE}`, body)).status).toBe(404);
    const { document } = await stage.call('PATCH', `services/${SERVICE}?allowMissing=true`, body);
    const done = await stage.wait(document as never);
    expect(done.response).toMatchObject({ terminalCondition: { state: 'CONDITION_SUCCEEDED' } });
  });
});

describe('a change', () => {
  it('keeps unknown members: in the service, its template and a container', async () => {
    const stage = new GoogleStage();
    stage.service({
      extras: { futureServiceField: { deep: [1, 'two'] } },
      template: { containers: [{ image: stage.image('v1'), futureContainerField: 1 }], futureTemplateField: true },
    });
    await stage.wait(await stage.deploy(stage.image('v2')));
    const view = await stage.get();
    expect(view['futureServiceField']).toEqual({ deep: [1, 'two'] });
    expect(view.template).toMatchObject({ futureTemplateField: true, containers: [{ futureContainerField: 1 }] });
    const [newest] = (await stage.call('GET', `services/${SERVICE}/revisions`)).document['revisions'] as JsonObject[];
    expect(newest).toMatchObject({ futureTemplateField: true });
  });

  it('is stored as a message, not as JSON: what is unset in proto3 is not there when it is read', async () => {
    const stage = new GoogleStage();
    stage.service({ template: { revision: 'agent-one' } });
    const env = [{ name: 'EMPTY', value: '' }];
    const traffic = [
      { ...pinned('agent-one', 100), tag: '' },
      { ...pinned('agent-one', 0, 'old'), percent: 0 },
    ];
    const template = {
      labels: { empty: '' },
      scaling: { minInstanceCount: 0 },
      containers: [{ image: stage.image('v1'), env }],
    };
    await stage.patch({ template, traffic });
    const view = await stage.get();
    expect(view.traffic).toEqual([pinned('agent-one', 100), pinned('agent-one', 0, 'old')]);
    expect(view.template).toMatchObject({ labels: { empty: '' }, containers: [{ env }] });
    expect(view.template['scaling']).toEqual({ maxInstanceCount: 100 });
  });

  it('changes what its mask names, and removes what the body lacks', async () => {
    const stage = new GoogleStage();
    stage.service({ extras: { labels: { a: '1' }, annotations: { b: '2' }, description: 'old' } });
    await stage.patch({ labels: { a: '3' }, annotations: { b: '4' } }, 'labels,description');
    const view = await stage.get();
    expect(view).toMatchObject({ labels: { a: '3' }, annotations: { b: '2' } });
    expect(view).not.toHaveProperty('description');
  });

  it('changes one member deep inside', async () => {
    const stage = new GoogleStage();
    stage.service({ template: { annotations: { kept: '1' } } });
    await stage.patch({ template: { timeout: '60s' } }, 'template.timeout');
    expect((await stage.get()).template).toMatchObject({ timeout: '60s', annotations: { kept: '1' } });
  });

  it('without a mask is one of what the body has', async () => {
    const stage = new GoogleStage();
    stage.service({ extras: { description: 'old' } });
    await stage.call('PATCH', `services/${SERVICE}`, { labels: { a: 'b' }, uid: 'mine' });
    const view = await stage.get();
    expect(view).toMatchObject({ labels: { a: 'b' }, description: 'old' });
    expect(view['uid']).not.toBe('mine');
  });

  it('of the traffic alone makes no revision', async () => {
    const stage = new GoogleStage();
    stage.service();
    const before = await stage.get();
    const { document } = await stage.patch({ traffic: [pinned(nameOf(before.latestReadyRevision), 100)] });
    await stage.wait(document);
    expect((await stage.get()).latestCreatedRevision).toBe(before.latestCreatedRevision);
  });

  it('with a stale etag is ABORTED: 409', async () => {
    const stage = new GoogleStage();
    stage.service();
    const { etag } = await stage.get();
    expect((await stage.patch({ etag, labels: { a: '1' } }, 'labels')).status).toBe(200);
    expect(await refusal(stage.patch({ etag, labels: { a: '2' } }, 'labels'))).toMatchObject({
      http: 409,
      status: 'ABORTED',
    });
  });

  it('ends with another etag than it began with', async () => {
    const stage = new GoogleStage();
    stage.service();
    const { document } = await stage.patch({ labels: { a: '1' } });
    const { etag } = await stage.get();
    await stage.wait(document);
    expect((await stage.get()).etag).not.toBe(etag);
  });

  it('that is only to be validated says what would be, and does nothing', async () => {
    const stage = new GoogleStage();
    stage.service();
    const before = await stage.get();
    const body = { template: { containers: [{ image: stage.image('v2') }] } };
    const path = `services/${SERVICE}?updateMask=template&validateOnly=true`;
    const { document } = await stage.call('PATCH', path, body);
    expect(document).toMatchObject({
      done: true,
      response: {
        template: { timeout: '300s', containers: [{ image: stage.image('v2'), ports: [{ containerPort: 8080 }] }] },
      },
    });
    stage.advance(60);
    expect(await stage.get()).toEqual(before);
    const wrong = { template: { containers: [] } };
    expect(await refusal(stage.call('PATCH', path, wrong))).toMatchObject({ http: 400, status: 'INVALID_ARGUMENT' });
  });

  const long = 'a-tag-that-is-too-long-together-with-agent';
  it.each<[string, JsonObject, string]>([
    ['percents that are not 100 in sum', { traffic: [pinned('agent-x', 90)] }, 'must sum to 100, got 90'],
    ['a percent above 100', { traffic: [pinned('agent-x', 101)] }, 'whole number from 0 to 100'],
    [
      'a tag twice',
      { traffic: [pinned('agent-x', 50, 'a'), pinned('agent-y', 50, 'a')] },
      "'a' is used more than once",
    ],
    ['a tag in capitals', { traffic: [pinned('agent-x', 100, 'Canary')] }, "'Canary' must have only lower-case"],
    ['a tag that is too long', { traffic: [pinned('agent-x', 100, long)] }, 'cannot exceed 46 characters'],
    ['a revision by its full name', { traffic: [pinned('projects/p/r', 100)] }, 'not the short name'],
    [
      'a revision of another service',
      { template: { revision: 'other-1', containers: [{ image: 'i' }] } },
      "must start with 'agent-'",
    ],
    ['a template without an image', { template: { containers: [{ name: 'x' }] } }, 'image: is required'],
    ['a reserved label', { labels: { 'run.googleapis.com/x': 'y' } }, 'not supported in v2'],
  ])('with %s is refused at once', async (_, body, message) => {
    const stage = new GoogleStage();
    stage.service();
    const before = await stage.get();
    const said = await refusal(stage.patch(body));
    expect(said).toMatchObject({ http: 400, status: 'INVALID_ARGUMENT', message: expect.stringContaining(message) });
    expect(await stage.get()).toEqual(before);
  });

  it('takes a tag that is just short enough', async () => {
    const stage = new GoogleStage();
    stage.service();
    const { latestReadyRevision } = await stage.get();
    const tag = 'x'.repeat(46 - SERVICE.length);
    expect((await stage.patch({ traffic: [pinned(nameOf(latestReadyRevision), 100, tag)] })).status).toBe(200);
    expect((await stage.patch({ traffic: [pinned(nameOf(latestReadyRevision), 100, `${tag}x`)] })).status).toBe(400);
  });
});

describe('a revision', () => {
  it('is listed with the newest first, and has a link to its log', async () => {
    const stage = new GoogleStage();
    stage.service();
    await stage.wait(await stage.deploy(stage.image('v2'), 'agent-two'));
    const { revisions } = (await stage.call('GET', `services/${SERVICE}/revisions`)).document;
    expect((revisions as JsonObject[]).map(({ name }) => nameOf(String(name)))[0]).toBe('agent-two');
    expect(await stage.revision('agent-two')).toMatchObject({
      service: SERVICE,
      logUri: expect.stringContaining('revision_name/agent-two'),
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', state: 'CONDITION_SUCCEEDED' })]),
    });
  });

  it('has the name that the template gives it, which GET returns; or one of the platform, which it does not', async () => {
    const stage = new GoogleStage();
    stage.service();
    const before = await stage.get();
    expect(nameOf(before.latestCreatedRevision)).toMatch(/^agent-00001-[a-z0-9]{3}$/);
    expect(before.template).not.toHaveProperty('revision');
    await stage.wait(await stage.deploy(stage.image('v2'), 'agent-two'));
    expect((await stage.get()).template).toMatchObject({ revision: 'agent-two' });
  });

  it('is used again for the same name and content, and refused for another content: 409 ALREADY_EXISTS', async () => {
    const stage = new GoogleStage();
    stage.service({ template: { revision: 'agent-one' } });
    const { template } = await stage.get();
    await stage.wait(await stage.deploy(stage.image('v2'), 'agent-two'));
    const again = await stage.patch({ template: { ...template, containers: [{ image: stage.image('v2') }] } });
    expect(await refusal(Promise.resolve(again))).toMatchObject({
      http: 409,
      status: 'ALREADY_EXISTS',
      message: "Revision named 'agent-one' with different configuration already exists.",
    });
    await stage.wait((await stage.patch({ template })).document);
    const view = await stage.get();
    expect(nameOf(view.latestCreatedRevision)).toBe('agent-one');
    expect(nameOf(view.latestReadyRevision)).toBe('agent-one');
    const { revisions } = (await stage.call('GET', `services/${SERVICE}/revisions`)).document;
    expect(revisions).toHaveLength(2);
  });

  it('can be deleted only when it is neither the latest nor in the traffic', async () => {
    const stage = new GoogleStage();
    stage.service({ template: { revision: 'agent-one' }, traffic: [pinned('agent-one', 100)] });
    await stage.wait(await stage.deploy(stage.image('v2'), 'agent-two'));
    const remove = (id: string) => stage.call('DELETE', `services/${SERVICE}/revisions/${id}`);
    for (const id of ['agent-one', 'agent-two']) {
      expect(await refusal(remove(id))).toMatchObject({ http: 400, status: 'FAILED_PRECONDITION' });
    }
    await stage.wait(await stage.deploy(stage.image('v3'), 'agent-three'));
    expect((await remove('agent-two')).document).toMatchObject({ done: true });
    expect((await stage.call('GET', `services/${SERVICE}/revisions/agent-two`)).status).toBe(404);
  });
});

function nameOf(path: string): string {
  return path.split('/').at(-1) ?? '';
}
