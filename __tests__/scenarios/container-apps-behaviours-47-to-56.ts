import { expect } from '@jest/globals';
import { withoutMasks } from '../../simulators/secret-places.ts';
import { issue, partOf, type StagedBehaviour } from './container-apps-behaviour.ts';
import { answersOf, patchesIn, revisionStatesIn } from './watch-arm.ts';

const customDomains = [{ name: 'agent.acme.dev', bindingType: 'SniEnabled', certificateId: '/certificates/one' }];
const noImport = 'Microsoft.ContainerRegistry/registries/importImage/action';

export const behaviours47to56: readonly StagedBehaviour[] = [
  {
    number: 47,
    behaviour: 'an app whose last change failed takes no other change',
    link: issue('microsoft/azure-container-apps', 1372),
    staging: 'the app is Failed, and every change is refused with 409',
    arrange: ({ world }) => world.azure.setApp('agent', { provisioningState: 'Failed', failedBlocksChanges: true }),
    expected: {
      outcome: 'refused',
      annotation: /ContainerAppOperationInProgress.*Another change is in progress/s,
      live: 'v1',
      asBefore: true,
    },
    wasStaged: ({ seen }) => seen.filter(({ status }) => status === 409).length > 5,
  },
  {
    number: 48,
    behaviour: 'writing the traffic takes away every label that is not written with it',
    link: issue('microsoft/azure-container-apps', 962),
    staging: 'traffic goes by name with a label; ARM replaces the whole list',
    arrange: async ({ world }) => {
      const entry = { revisionName: 'agent--one', weight: 100, label: 'stable' };
      world.azure.foreignTraffic('agent', [entry]);
      await world.clock.advance(30_000);
    },
    app: { revisionSuffix: 'one' },
    inputs: { strategy: 'canary', steps: '10% for 30s, 50% for 30s' },
    expected: {
      outcome: 'deployed',
      live: 'v2',
      asBefore: false,
      check: async ({ agent, seen }) => {
        const lists = patchesIn(seen).flatMap((patch) => JSON.stringify(patch).match(/"traffic":\[[^\]]*\]/g) ?? []);
        expect(lists.length).toBeGreaterThanOrEqual(3);
        for (const list of lists) expect(list).toContain('"label":"stable"');
        const labelled = await agent.world.edge.get(agent.world.azure.labelUrl('agent', 'stable'));
        expect(labelled).toMatchObject({ status: 200, body: 'v1' });
      },
    },
    wasStaged: ({ before }) => JSON.stringify(before).includes('"label":"stable"'),
  },
  {
    number: 49,
    behaviour: 'a change of traffic is taken, and fails in its operation',
    link: issue('microsoft/azure-container-apps', 790),
    staging: 'the first change of traffic fails: it is the one that keeps a new revision from taking all of it',
    app: { staging: { trafficFailures: 1 } },
    inputs: { strategy: 'canary', steps: '20% for 1m' },
    image: { answers: { '/health': { status: 500, body: 'no' } } },
    expected: {
      outcome: 'rolled-back',
      says: [/the traffic could not be pinned.*trying again/],
      live: 'v1',
      asBefore: true,
      check: ({ agent, before }) => {
        // Only the smoke tests ever reached the bad revision.
        const strangers = agent.world.azure.requestsOf('agent').filter(({ by }) => by === 'app');
        const served = new Set(strangers.map(({ revision }) => revision));
        expect([...served].filter((name) => name !== null && /--[df][0-9a-z]{13}$/.test(name))).toEqual([]);
        expect(before).toBeDefined();
      },
    },
    wasStaged: ({ seen }) => answersOf(seen, 'OperationStatuses_Get').some(({ status }) => status === 'Failed'),
  },
  {
    number: 50,
    behaviour: 'the operation waits for the revision, and ends Failed with "Operation expired."',
    link: issue('hashicorp/terraform-provider-azurerm', 27221),
    staging: 'ARM waits for the revision for two minutes, and the image is never ready',
    app: { mode: 'Single', staging: { operationEnds: 'ready', operationDeadlineMs: 120_000 } },
    image: { readyAfterMs: 3_600_000 },
    expected: { outcome: 'rolled-back', annotation: /Operation expired\./, live: 'v1', asBefore: true },
    wasStaged: ({ seen }) =>
      answersOf(seen, 'OperationStatuses_Get').some((answer) => JSON.stringify(answer).includes('Operation expired')),
  },
  {
    number: 51,
    behaviour: 'an update erases custom domains, sets the port to 80 and prints variables',
    link: issue('Azure/container-apps-deploy-action', 34),
    staging: 'the app has custom domains, port 9000 and a variable; the deploy sets another',
    app: {
      ingress: { targetPort: 9_000, customDomains },
      template: { scale: { minReplicas: 1, maxReplicas: 7 } },
    },
    inputs: { 'environment-variables': 'GREETING: hello-from-a-variable' },
    expected: {
      outcome: 'deployed',
      live: 'v2',
      asBefore: false,
      check: ({ agent, result }) => {
        const ingress = partOf(agent, 'properties', 'configuration', 'ingress');
        expect(ingress).toMatchObject({ targetPort: 9_000, customDomains, external: true });
        expect(partOf(agent, 'properties', 'template', 'scale')).toEqual({ minReplicas: 1, maxReplicas: 7 });
        expect(withoutMasks(result.main.log) + result.summary).not.toContain('hello-from-a-variable');
      },
    },
    wasStaged: ({ seen }) =>
      patchesIn(seen).length > 0 && patchesIn(seen).every((patch) => !JSON.stringify(patch).includes('targetPort')),
  },
  {
    number: 52,
    behaviour: 'in Single mode the old revision keeps everything until the new one is ready',
    link: 'https://learn.microsoft.com/training/modules/scale-manage-deployed-container-apps/3-examine-application-lifecycle-management-azure-container-apps',
    staging: 'the image needs 40 seconds to be ready',
    app: { mode: 'Single' },
    image: { readyAfterMs: 40_000 },
    expected: {
      outcome: 'deployed',
      live: 'v2',
      asBefore: false,
      check: ({ failedVisits, tookMs }) => {
        expect(failedVisits).toBe(0);
        expect(tookMs).toBeGreaterThan(40_000);
      },
    },
    wasStaged: ({ agent, seen }) =>
      revisionStatesIn(seen, 'runningState').includes('Activating') &&
      agent.world.azure.requestsOf('agent').filter(({ by }) => by === 'app').length > 40,
  },
  {
    number: 56,
    behaviour: 'the refresh token of ACR is no credential for its API: it has to be exchanged',
    link: issue('Azure/acr', 98),
    staging: 'imports are denied, so that the copy talks to the registry itself, which takes access tokens only',
    arrange: ({ world }) => world.azure.deny(noImport),
    expected: {
      outcome: 'deployed',
      says: [/copying through this runner: .*AcrPush is not enough for an import/],
      live: 'v2',
      asBefore: false,
    },
    wasStaged: ({ agent }) => {
      const calls = agent.world.edge.calls.map(({ operation }) => operation);
      // The exchange is the POST; reading from the source needs none.
      return ['registry:POST token', 'registry:PUT manifest'].every((name) => calls.includes(name));
    },
  },
];
