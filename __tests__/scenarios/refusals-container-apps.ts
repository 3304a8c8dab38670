import type { Agent } from '../../simulators/agent.ts';
import type { AppOptions } from '../../simulators/azure/add-app.ts';
import { givenApp, givenPinnedApp } from './container-apps-agent.ts';
import { mutations, type RefusalRow } from './refusal.ts';

type Row = [string, Partial<AppOptions>, Record<string, string>, RegExp];
const TCP = { ingress: { transport: 'Tcp', exposedPort: 8080 } };
const CLOSED: readonly (readonly [string, Partial<AppOptions>])[] = [
  ['an internal environment', { internalEnvironment: true }],
  ['an environment without public access', { closedEnvironment: true }],
  ['an internal ingress', { ingress: { external: false } }],
];
const rows: readonly Row[] = [
  [
    'a canary in Single mode',
    { mode: 'Single' },
    { strategy: 'canary' },
    /could not use canary on container app agent.*az containerapp revision set-mode --name agent --resource-group production --mode multiple.*or: Use `strategy: rolling`/s,
  ],
  [
    'a canary without ingress',
    { ingress: null },
    { strategy: 'canary', 'smoke-tests': '' },
    /its traffic cannot be split between two revisions.*az containerapp ingress enable/s,
  ],
  ['Labels mode', { mode: 'Labels' }, {}, /its revision mode is labels.*--mode multiple/s],
  [
    'an app that is not there',
    {},
    { service: 'agnet' },
    /could not read container app agnet.*The resource group has: agent\./s,
  ],
  ['a resource group that is not there', {}, { 'resource-group': 'prod' }, /ResourceGroupNotFound/],
  [
    'a secret that the app does not have',
    { configuration: { secrets: [{ name: 'api-key', value: 'x' }] } },
    { secrets: 'OPENAI_API_KEY: apikey' },
    /could not set OPENAI_API_KEY from a secret: the app has no secret of that name.*Did you mean api-key\?/s,
  ],
  [
    'the address of a secret in Key Vault',
    {},
    { secrets: 'KEY: https://acme.vault.azure.net/secrets/key' },
    /it is the address of a secret.*az containerapp secret set --secrets <name>=keyvaultref:https:\/\/acme\.vault/s,
  ],
  [
    'a name that is no name',
    {},
    { service: 'Agent_1' },
    /service: got "Agent_1"; expected the name of a container app/,
  ],
  [
    'a subscription that is no id',
    {},
    { subscription: 'acme production' },
    /subscription: got something else; expected an id/,
  ],
  ...[{ strategy: 'canary' }, { strategy: 'blue-green' }, { traffic: '0' }].flatMap((inputs) =>
    CLOSED.map(
      ([where, app]) =>
        [
          `${Object.values(inputs)[0]} in ${where}`,
          app,
          inputs,
          /cannot be reached before it gets traffic.*Set `preview-url`.*https:\/\/\{tag\}\.example\.com/s,
        ] as Row,
    ),
  ),
  ['a canary on TCP', TCP, { strategy: 'canary', 'smoke-tests': '' }, /Give the app an HTTP ingress/],
  ['HTTP smoke tests on TCP', TCP, {}, /no address of the service is known.*Set `url`/s],
];

const further: readonly RefusalRow[] = [
  {
    name: 'a share of the traffic for a revision that was deactivated',
    async arrange() {
      const agent = await givenPinnedApp();
      agent.world.azure.foreignDeploy('agent', agent.world.publish('v1b', {}));
      await agent.world.clock.advance(60_000);
      const [one, two] = agent.world.azure.findApp('agent').revisions;
      const half = (revisionName: string) => ({ revisionName, weight: 50 });
      agent.world.azure.foreignTraffic('agent', [half(one!.name), half(two!.name)]);
      await agent.world.clock.advance(60_000);
      one!.active = false;
      return agent;
    },
    code: 'UNSUPPORTED',
    says: [/gives 50% to agent--one, which is not active.*revision activate --name agent/s],
  },
  {
    name: 'an app that is stopped',
    async arrange() {
      const agent = await givenApp();
      agent.world.azure.setApp('agent', { runningStatus: 'Stopped' });
      return agent;
    },
    says: [/it is stopped.*az containerapp start --name agent/s],
  },
];

export const containerAppsRefusals: readonly RefusalRow[] = [
  ...rows.map(([name, app, inputs, says]) => ({
    ...{ name, says: [says], inputs: { 'smoke-tests': '- GET /health', ...inputs } },
    async arrange() {
      const agent = await givenApp({ app });
      // Of one app, a role denies the others, whether or not they exist: this is what who may read the group is told.
      agent.world.azure.enforce(null);
      return agent;
    },
  })),
  ...further,
].map((row) => ({ ...row, ensureUntouched }));

function ensureUntouched(agent: Agent): void {
  const changes = mutations(agent).filter((call) => call.startsWith('arm:'));
  if (changes.length > 0) throw new Error(`changed: ${changes.join(', ')}`);
}
