import { expect, test } from '@jest/globals';
import { planChange } from '../../../../../src/clouds/google/cloud-run/plan.ts';
import type { RunService } from '../../../../../src/clouds/google/cloud-run/service.ts';
import type { EditChange } from '../../../../../src/model/workload.ts';
import { fakeRun } from './fake-run.ts';

const change: EditChange = {
  kind: 'edit',
  base: null,
  images: [],
  environment: new Map([['A', 'b']]),
  secrets: new Map(),
};

/** A service called `image-api`, of which Google refuses every update in these words. */
function refusing(message: string): RunService {
  const { run, look } = fakeRun();
  const request = async ({ method, data }: { method: string; data?: object }) => {
    if (method !== 'PATCH') return { data: { ...look(), ...data } };
    const refused = { error: { code: 400, status: 'INVALID_ARGUMENT', message } };
    throw Object.assign(new Error('Request failed'), { response: { status: 400, data: refused } });
  };
  const credentials = { client: { request } };
  return { ...run, service: 'image-api', resource: 'service image-api', credentials } as unknown as RunService;
}

test('a refusal of the dry run because of the image is no problem yet, as the copy comes later', async () => {
  expect(await planChange(refusing('Image agent:2 not found.'), change)).toMatchObject({ unchanged: false });
});

test('any other refusal is one, also for a service with `image` in its name', async () => {
  const plan = planChange(refusing('template.containers[0].env: invalid name'), change);
  await expect(plan).rejects.toMatchObject({ code: 'DEPLOY_REJECTED' });
});
