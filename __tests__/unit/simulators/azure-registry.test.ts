import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { REGISTRY_HOST, RESOURCE_GROUP, SUBSCRIPTION, TENANT } from '../../../simulators/azure/azure-cloud.ts';
import type { SimulatedResponse } from '../../../simulators/edge/host.ts';
import { SOURCE } from '../../../simulators/world.ts';
import { type AzureStage, openAzureStage } from '../../fixtures/azure/azure-stage.ts';

const REGISTRY_PATH = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${RESOURCE_GROUP}/providers/Microsoft.ContainerRegistry/registries/acme`;
const ORIGIN = `https://${REGISTRY_HOST}`;

let stage: AzureStage;

beforeEach(async () => {
  stage = await openAzureStage();
});

afterEach(() => stage.close());

const post = async (path: string, form: Record<string, string>) =>
  read(await stage.post(`${ORIGIN}${path}`, { service: REGISTRY_HOST, ...form }));
const exchange = (token: string) =>
  post('/oauth2/exchange', { grant_type: 'access_token', tenant: TENANT, access_token: token });
const manifest = async (headers: Record<string, string> = {}) =>
  read(await stage.visit(`${ORIGIN}/v2/agent/manifests/v1`, headers));
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const read = ({ status, headers = {}, body }: SimulatedResponse) => ({
  status,
  headers,
  body: JSON.parse(String(body)),
});
const refreshTokenFor = async (token: string): Promise<string> => (await exchange(token)).body.refresh_token;
const accessTokenFor = async (refresh: string, scope: string): Promise<string> =>
  (await post('/oauth2/token', { grant_type: 'refresh_token', scope, refresh_token: refresh })).body.access_token;

describe('the registry', () => {
  it("gives a refresh token for the tenant's, an access token for that, and the image for this", async () => {
    const refresh = await refreshTokenFor(stage.world.azure.issueToken());
    const access = await accessTokenFor(refresh, 'repository:agent:pull');
    expect((await manifest(bearer(access))).status).toBe(200);
  });

  it('counts no request for a token among the changes', async () => {
    await stage.order([{ call: 'fetch', method: 'POST', url: `${ORIGIN}/oauth2/exchange`, body: 'grant_type=x' }]);
    const { operation, mutates } = stage.world.edge.calls[0] ?? {};
    expect([operation, mutates]).toEqual(['registry:POST token', false]);
  });

  it('accepts neither a refresh token nor an anonymous client as a credential of its API (56)', async () => {
    const refresh = await refreshTokenFor(stage.world.azure.issueToken('https://containerregistry.azure.net'));
    for (const headers of [{}, bearer(refresh)]) {
      const answer = await manifest(headers);
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain(
        `Bearer realm="${ORIGIN}/oauth2/token",service="${REGISTRY_HOST}"`,
      );
    }
  });

  it('gives a token to docker as well, who sends the refresh token as a password', async () => {
    const refresh = await refreshTokenFor(stage.world.azure.issueToken());
    const basic = Buffer.from(`00000000-0000-0000-0000-000000000000:${refresh}`).toString('base64');
    const url = `${ORIGIN}/oauth2/token?service=${REGISTRY_HOST}&scope=repository:agent:pull`;
    const { access_token } = read(await stage.visit(url, { authorization: `Basic ${basic}` })).body;
    expect((await manifest(bearer(access_token))).status).toBe(200);
  });

  it('refuses an expired token of the tenant', async () => {
    const token = stage.world.azure.issueToken();
    await stage.world.clock.advance(3_600_000);
    expect((await exchange(token)).status).toBe(401);
  });

  it('gives no right to push where the role has none', async () => {
    stage.world.azure.deny('Microsoft.ContainerRegistry/registries/push/write');
    const refresh = await refreshTokenFor(stage.world.azure.issueToken());
    const access = await accessTokenFor(refresh, 'repository:agent:pull,push');
    expect((await manifest(bearer(access))).status).toBe(200);
    const url = `${ORIGIN}/v2/agent/blobs/uploads/`;
    const [push] = await stage.order([{ call: 'fetch', method: 'POST', url, headers: bearer(access) }]);
    expect(push?.value.status).toBe(401);
  });
});

describe('importImage', () => {
  const credentials = { username: SOURCE.username, password: SOURCE.password };
  const order = (sourceImage: string, more: object = {}, source: object = {}) => ({
    call: 'registries.importImage',
    args: [
      'acme',
      {
        source: { registryUri: SOURCE.host, sourceImage, credentials, ...source },
        targetTags: ['agent:v2'],
        mode: 'NoForce',
        ...more,
      },
    ],
  });
  const tags = () => stage.world.azure.acr.snapshot().repositories['agent']?.tags;

  it("brings an index whole, by Microsoft's own client, and takes its time", async () => {
    stage.world.publish('v2', {}, { platforms: ['linux/amd64', 'linux/arm64'] });
    const digest = stage.world.source.snapshot().repositories[SOURCE.repository]?.tags['v2'];
    const [result] = await stage.order([order(`${SOURCE.repository}@${digest}`)]);
    expect(result?.error).toBeUndefined();
    expect(result?.tookMs).toBeGreaterThanOrEqual(6_000);
    expect(tags()?.['v2']).toBe(digest);
    expect(stage.world.azure.acr.pull(`${REGISTRY_HOST}/agent:v2`, 'linux/arm64')?.behaviour.version).toBe('v2');
  });

  it('refuses a tag that is there, unless forced', async () => {
    stage.world.publish('v2', {});
    const image = `${SOURCE.repository}:v2`;
    const [first, again, forced] = await stage.order([order(image), order(image), order(image, { mode: 'Force' })]);
    expect(first?.error).toBeUndefined();
    expect(again?.error).toMatchObject({ status: 409, code: 'Conflict' });
    expect(forced?.error).toBeUndefined();
  });

  it('pulls with the configured identity', async () => {
    stage.world.publish('v2', {});
    const wrong = { credentials: { username: 'octocat', password: 'wrong' } };
    const [result] = await stage.order([order(`${SOURCE.repository}:v2`, {}, wrong)]);
    expect(result?.error?.message).toContain('401');
    expect(tags()?.['v2']).toBeUndefined();
  });

  it('says what is not there', async () => {
    const [image, registry] = await stage.order([
      order(`${SOURCE.repository}:v9`),
      order(`${SOURCE.repository}:v9`, {}, { registryUri: 'quay.io' }),
    ]);
    expect(image?.error?.message).toContain('404');
    expect(registry?.error?.message).toContain('no such host: quay.io');
  });

  it('is more than AcrPush allows', async () => {
    stage.world.azure.deny('Microsoft.ContainerRegistry/registries/importImage/action');
    const [result] = await stage.order([order(`${SOURCE.repository}:v2`)]);
    expect(result?.error).toMatchObject({ status: 403, code: 'AuthorizationFailed' });
    expect(result?.error?.message).toContain(`over scope '${REGISTRY_PATH}'`);
  });
});

it('the registry is found in the subscription by its address', async () => {
  const { body } = await stage.arm(
    'GET',
    `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/registries?api-version=2025-11-01`,
  );
  expect(body.value).toMatchObject([{ id: REGISTRY_PATH, properties: { loginServer: REGISTRY_HOST } }]);
});
