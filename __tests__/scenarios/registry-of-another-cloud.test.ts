import { afterEach, expect, test } from '@jest/globals';
import { CLIENT_ID, REGISTRY_HOST, SUBSCRIPTION, TENANT } from '../../simulators/azure/azure-cloud.ts';
import { closeAgents, givenAgent } from './agent.ts';

afterEach(closeAgents);

test('a service on ECS is deployed from ACR, with the job’s own identity in both clouds', async () => {
  const agent = await givenAgent();
  const ids = { AZURE_TENANT_ID: TENANT, AZURE_CLIENT_ID: CLIENT_ID, AZURE_SUBSCRIPTION_ID: SUBSCRIPTION };
  const { main } = await agent.deploy(
    { image: agent.world.publish('v2', {}), 'copy-to': `${REGISTRY_HOST}/agent` },
    { env: { ...agent.world.github.env, ...ids } },
  );
  expect(main.outputs).toMatchObject({
    outcome: 'deployed',
    image: expect.stringMatching(/^acme\.azurecr\.io\/agent@sha256:/),
  });
  expect(main.log).toContain(`Azure: the job's own identity (OIDC) as application ${CLIENT_ID}`);
  expect(main.log).toContain('acme.azurecr.io fetched the image itself');
  expect(await agent.ask()).toMatchObject({ status: 200, body: 'v2' });
});
