import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Agent } from '../../simulators/agent.ts';
import type { Exchange } from '../../simulators/edge/calls.ts';
import { known, type Place, type Secret } from '../../simulators/planted-secrets.ts';
import type { ActionResult } from '../../simulators/runner.ts';
import { filesIn, placeOfRequest, placesOfStage } from '../../simulators/secret-places.ts';
import { SOURCE } from '../../simulators/world.ts';
import { givenAgent } from './agent.ts';
import { containers, dockerConfig, LIVE, OTHER, predict, S } from './secret-inventory.ts';
import type { Story } from './secret-story.ts';

/** Runs the action in a world in which everything is planted, and collects whatever anybody could read. */
export async function tell(
  story: Story,
): Promise<{ result: ActionResult; places: readonly Place[]; secrets: readonly Secret[] }> {
  const agent = await givenAgent({
    sessionToken: S.sessionToken.value,
    service: { containers, customDomains: [LIVE, OTHER] },
  });
  const exchanges: Exchange[] = [];
  agent.world.edge.onExchange((exchange) => exchanges.push(exchange));
  for (const [operation, act] of Object.entries(story.faults ?? {})) {
    // After the effect, so that the request is among the exchanges.
    agent.world.edge.faults.add({ operation: new RegExp(`^${operation}$`), when: 'after', act });
  }
  const directory = await mkdtemp(path.join(os.tmpdir(), 'secrets-'));
  try {
    await mkdir(path.join(directory, 'home/.docker'), { recursive: true });
    await writeFile(path.join(directory, 'home/.docker/config.json'), story.dockerConfig ?? dockerConfig);
    const result = await agent.deploy(
      { ...inputsFor(agent, story), ...story.inputs },
      {
        directory,
        env: {
          ACTIONS_ID_TOKEN_REQUEST_TOKEN: S.identityToken.value,
          ACTIONS_ID_TOKEN_REQUEST_URL: 'https://token.actions.githubusercontent.com/x',
          ACTIONS_RUNTIME_TOKEN: S.runtimeToken.value,
        },
        ...story.options?.(agent),
      },
    );
    const places = [
      ...placesOf(result),
      ...(await filesIn(path.join(directory, 'temp'))),
      ...exchanges.map(placeOfRequest),
    ];
    return { result, places, secrets: [...Object.values(S), ...seenSecrets(agent, exchanges)] };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function inputsFor(agent: Agent, { behaviour }: Story): Record<string, string> {
  return {
    image: agent.world.publish('v2', behaviour ?? {}),
    container: 'web',
    'registry-username': '',
    'registry-password': '',
    'environment-variables': `NEW_KEY: ${JSON.stringify(S.input.value)}`,
    'smoke-tests': predict({}),
  };
}

/** What the clouds handed out while it ran, and what they know each other by. */
function seenSecrets(agent: Agent, exchanges: readonly Exchange[]): readonly Secret[] {
  const bodies = (operation: string) =>
    exchanges.filter((exchange) => exchange.operation === operation).map(({ answer }) => String(answer.body));
  const tokens = bodies('registry:GET token').map((body) => (JSON.parse(body) as { token?: string }).token ?? '');
  const logins = bodies('ecr:GetAuthorizationToken').flatMap((body) => {
    const encoded = /"authorizationToken":"([^"]+)"/.exec(body)?.[1] ?? '';
    return [encoded, Buffer.from(encoded, 'base64').toString().replace(/^AWS:/, '')];
  });
  return [
    known('secret key of the cloud', agent.world.env['AWS_SECRET_ACCESS_KEY']!),
    known('password of the source registry', SOURCE.password, /^ghcr\.io$/),
    ...tokens.filter(Boolean).map((token) => known('registry token', token, /^ghcr\.io$/)),
    ...logins.filter(Boolean).map((login) => known('ECR login', login, /\.dkr\.ecr\./)),
  ];
}

function placesOf({ main, post }: ActionResult): readonly Place[] {
  return [...placesOfStage('main', main), ...placesOfStage('post', post)];
}
