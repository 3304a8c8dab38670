import { afterEach, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { SOURCE } from '../../simulators/world.ts';
import { closeAgents } from './agent.ts';
import { givenApp } from './container-apps-agent.ts';

afterEach(closeAgents);

interface Traffic {
  /** Everything that was given out to prove somebody, with the word for whom it is good. */
  readonly tokens: Map<string, 'arm' | 'registry' | 'entra' | 'stream'>;
  /** Where each call went, and all that it carried. */
  readonly sent: { readonly operation: string; readonly host: string; readonly text: string }[];
}

function watchTokens(agent: Agent): Traffic {
  const traffic: Traffic = { tokens: new Map(), sent: [] };
  agent.world.edge.onExchange(({ operation, request, answer }) => {
    const text = `${JSON.stringify(request.headers)}\n${request.url}\n${String(request.body)}`;
    traffic.sent.push({ operation, host: request.url.hostname, text });
    for (const [name, token] of String(answer.body ?? '').matchAll(/"(?:\w*token|value)":"([\w.~-]{20,})"/g)) {
      const audience = Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString();
      const isArm = audience.includes('https://management.azure.com');
      const isStream = token?.startsWith('stream.');
      if (!token || !name) continue;
      const kind = isArm ? 'arm' : isStream ? 'stream' : operation.startsWith('github:') ? 'entra' : 'registry';
      traffic.tokens.set(token, kind);
    }
  });
  return traffic;
}

const GOOD_FOR = {
  arm: /^management\.azure\.com$/,
  registry: /^(?:[a-z]+\.azurecr\.io|ghcr\.io)$/,
  entra: /^login\.microsoftonline\.com$/,
  stream: /\.azurecontainerapps\.dev$/,
};

test.each([
  ['with an import', false],
  ['with a copy', true],
])('%s, no token and no value is printed, and each token goes only where it is good', async (_title, denied) => {
  const agent = await givenApp();
  if (denied) agent.world.azure.deny('Microsoft.ContainerRegistry/registries/importImage/action');
  const traffic = watchTokens(agent);
  const crash = { afterMs: 1_000, exitCode: 3, logs: ['boom'] };
  const image = agent.world.publish('v2', { crash });
  const { main, post, summary } = await agent.deploy({
    image,
    'environment-variables': 'PASSWORD: hunter2-hunter2',
    'smoke-tests': '- GET /health',
  });
  expect(main.outputs['outcome']).toBe('rolled-back');
  expect(new Set(traffic.tokens.values())).toEqual(new Set(['arm', 'registry', 'entra', 'stream']));

  const lines = [main.log, post.log]
    .flatMap((log) => log.split('\n'))
    .filter((line) => !line.startsWith('::add-mask::'));
  const said = [...lines, summary, JSON.stringify(main.state), JSON.stringify(main.outputs)].join('\n');
  for (const secret of [...traffic.tokens.keys(), 'hunter2-hunter2', SOURCE.password])
    expect(said).not.toContain(secret);

  for (const [token, kind] of traffic.tokens) {
    const carriers = traffic.sent.filter(({ text }) => text.includes(token));
    for (const { host } of carriers)
      expect({ kind, host }).toEqual({ kind, host: expect.stringMatching(GOOD_FOR[kind]) });
  }
  // Azure is asked for an import with the source's password, also where that is denied; no other host hears it.
  const told = new Set(traffic.sent.filter(({ text }) => text.includes(SOURCE.password)).map(({ host }) => host));
  expect([...told].filter((host) => host !== 'ghcr.io')).toEqual(['management.azure.com']);
});
