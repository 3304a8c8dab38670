import { expect } from '@jest/globals';
import { issue, partOf, type StagedBehaviour } from './container-apps-behaviour.ts';
import { answersOf, patchesIn, revisionStatesIn } from './watch-arm.ts';

const secrets = [
  { name: 'api-key', value: 'a-secret-value' },
  {
    name: 'from-vault',
    keyVaultUrl: 'https://acme.vault.azure.net/secrets/key',
    identity: 'system',
  },
];

export const behaviours41to46: readonly StagedBehaviour[] = [
  {
    number: 41,
    behaviour: 'ARM says Succeeded although the container never starts',
    link: issue('Azure/azure-cli-extensions', 6251),
    staging: 'the image exits with code 3 a second after each start',
    image: { crash: { afterMs: 1_000, exitCode: 3, logs: ["KeyError: 'OPENAI_API_KEY'"] } },
    expected: {
      outcome: 'rolled-back',
      annotation: /CrashLoopBackOff.*Read the container’s last log lines/s,
      says: [/KeyError: 'OPENAI_API_KEY'/],
      live: 'v1',
      asBefore: true,
      check: ({ tookMs, failedVisits }) => {
        // The evidence is there after the second crash; the platform's own deadline is ten minutes.
        expect(tookMs).toBeLessThan(120_000);
        expect(failedVisits).toBe(0);
      },
    },
    wasStaged: ({ seen }) =>
      answersOf(seen, 'ContainerApps_Get').some((answer) =>
        /"provisioningState":"Succeeded"/.test(JSON.stringify(answer)),
      ) &&
      revisionStatesIn(seen, 'provisioningState').includes('Provisioned') &&
      !revisionStatesIn(seen, 'healthState').slice(0, 10).includes('Unhealthy'),
  },
  {
    number: 42,
    behaviour: 'Activating becomes "Activation failed": Deployment Progress Deadline Exceeded',
    link: issue('microsoft/azure-container-apps', 1219),
    staging: 'the image is never ready, and the platform gives up after two minutes',
    app: { staging: { progressDeadlineMs: 120_000 } },
    image: { readyAfterMs: 3_600_000 },
    expected: {
      outcome: 'rolled-back',
      annotation: /Deployment Progress Deadline Exceeded. 0\/1 replicas ready/,
      live: 'v1',
      asBefore: true,
    },
    wasStaged: ({ seen }) => revisionStatesIn(seen, 'runningState').includes('ActivationFailed'),
  },
  {
    number: 43,
    behaviour: 'every replica runs, and the revision never becomes ready',
    link: issue('microsoft/azure-container-apps', 1268),
    staging: 'the platform never says so; traffic goes by name, so that the rollback needs no new revision to be ready',
    pinned: true,
    arrange: ({ world }) => world.azure.setApp('agent', { neverReady: true }),
    inputs: { timeout: '3m' },
    expected: {
      outcome: 'rolled-back',
      annotation: /could not wait any longer than .* to be up and healthy: last seen: provisioned, activating/,
      live: 'v1',
      asBefore: true,
    },
    wasStaged: ({ seen }) =>
      answersOf(seen, 'ContainerAppsRevisionReplicas_ListReplicas').some((answer) =>
        JSON.stringify(answer).includes('"ready":true'),
      ),
  },
  {
    number: 44,
    behaviour: 'GET hides the values of secrets, and sending them back without is refused',
    link: issue('Azure/azure-sdk-for-net', 41244),
    staging: 'the app has a secret; ARM refuses a document whose secrets have no value',
    app: { configuration: { secrets } },
    inputs: { secrets: 'OPENAI_API_KEY: api-key' },
    expected: {
      outcome: 'deployed',
      live: 'v2',
      asBefore: false,
      check: ({ agent, seen, result }) => {
        expect(patchesIn(seen).length).toBeGreaterThan(0);
        expect(JSON.stringify(patchesIn(seen))).not.toContain('"secrets"');
        expect(partOf(agent, 'properties', 'configuration', 'secrets')).toEqual(secrets);
        expect(result.main.log + result.summary).not.toContain('a-secret-value');
      },
    },
    wasStaged: ({ seen }) =>
      answersOf(seen, 'ContainerApps_Get').every((answer) => {
        const text = JSON.stringify(answer);
        return text.includes('api-key') && !text.includes('a-secret-value');
      }),
  },
  {
    number: 45,
    behaviour: 'references to Key Vault have to survive',
    link: 'https://github.com/Azure/azure-dev/pull/3877',
    staging: 'the app has one, and a deploy is taken back',
    app: { configuration: { secrets } },
    image: { answers: { '/health': { status: 500, body: 'no' } } },
    expected: {
      outcome: 'rolled-back',
      live: 'v1',
      asBefore: true,
      check: ({ agent }) => expect(partOf(agent, 'properties', 'configuration', 'secrets')).toEqual(secrets),
    },
    wasStaged: ({ seen }) =>
      answersOf(seen, 'ContainerApps_Get').some((answer) => JSON.stringify(answer).includes('keyVaultUrl')),
  },
  {
    number: 46,
    behaviour: '409 ContainerAppLockConflict while another change is in progress',
    link: issue('microsoft/azure-container-apps', 175),
    staging: 'the next three changes are refused so',
    app: { staging: { lockConflicts: 3 } },
    inputs: { strategy: 'canary', steps: '50% for 30s' },
    expected: { outcome: 'deployed', live: 'v2', asBefore: false, says: [/another modification is in progress/] },
    wasStaged: ({ seen }) => seen.filter(({ status }) => status === 409).length >= 3,
  },
];
