import { afterEach, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { Exchange } from '../../simulators/edge/calls.ts';
import { withoutMasks } from '../../simulators/secret-places.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';

afterEach(closeAgents);

// As somebody sets them who looks for the cause of a failed deployment.
const SWITCHES = {
  NODE_DEBUG: 'http,https,tls,fetch,undici',
  DEBUG: '*',
  LOG_TOKENS: '1',
  LOG_STREAM: '1',
  GOOGLE_SDK_NODE_LOGGING: 'all',
  DEBUG_AUTH: 'true',
  AZURE_LOG_LEVEL: 'verbose',
  TYPESPEC_RUNTIME_LOG_LEVEL: 'verbose',
};

const HEADER = 'value-of-a-header-of-smoke-tests';

/** Runs it as it is started for users: Node reads its own switch only at the start of a process. */
async function deployWithSwitches(agent: Agent, switches: Record<string, string>) {
  const exchanges: Exchange[] = [];
  agent.world.edge.onExchange((exchange) => exchanges.push(exchange));
  const image = agent.world.publish('v2', {});
  const smoke = { 'smoke-tests': `- GET /health: { headers: { x-api-key: ${HEADER} } }` };
  const result = await agent.deploy({ image, ...smoke }, { env: switches, nodeArguments: ['--no-deprecation'] });
  expect(result.main.outputs['outcome']).toBe('deployed');
  const sent = [HEADER, ...exchanges.flatMap(({ request }) => credentialsOf(request.headers))];
  expect(sent.length).toBeGreaterThan(1);
  const log = withoutMasks(result.main.log + result.post.log);
  return { log, leaked: [...new Set(sent)].filter((credential) => log.includes(credential)) };
}

function credentialsOf(headers: Exchange['request']['headers']): readonly string[] {
  return ['authorization', 'x-amz-security-token'].flatMap((name) => {
    const value = String(headers[name] ?? '');
    return value === '' ? [] : [value.replace(/^\w+ (?=\S+$)/, '')];
  });
}

const clouds: readonly (readonly [string, () => Promise<Agent>])[] = [
  ['Amazon ECS', () => givenAgent({ sessionToken: 'session-token-of-the-job' })],
  ['Cloud Run', givenCloudRun],
  ['Container Apps', givenApp],
];

test.each(clouds)('debug switches of Node and of the SDKs print nothing of a deployment to %s', async (_, given) => {
  const { log, leaked } = await deployWithSwitches(await given(), SWITCHES);
  expect(leaked).toEqual([]);
  // Neither these nor values that are no credential: an SDK's own lines are marked so.
  expect(log).not.toMatch(/^(?:HTTPS?|TLS|FETCH|UNDICI) \d+:|^(?:azure|typeSpecRuntime):|^\d+ \[|^\| |^\{$/m);
  const names =
    'NODE_DEBUG, DEBUG, LOG_TOKENS, LOG_STREAM, AZURE_LOG_LEVEL, TYPESPEC_RUNTIME_LOG_LEVEL, GOOGLE_SDK_NODE_LOGGING, DEBUG_AUTH';
  expect(log.split('\n').filter((line) => line.startsWith('Not used: '))).toEqual([
    `Not used: ${names}, which would print tokens to this log.`,
  ]);
});

test('without such a variable nothing is said of them', async () => {
  const { log } = await deployWithSwitches(await givenAgent(), {});
  expect(log).not.toContain('Not used');
});
