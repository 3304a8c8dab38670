import { afterEach, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';

afterEach(closeAgents);

// Of the other targets: cloud-run-access.test.ts (Identity-Aware Proxy), container-apps-access.test.ts (Easy Auth).
const doors: Readonly<Record<string, { readonly given: () => Promise<Agent>; readonly location: string }>> = {
  // https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
  'Amazon ECS: a load balancer that authenticates': {
    given: () => givenAgent(),
    location: 'https://acme.auth.eu-west-1.amazoncognito.com/oauth2/authorize?client_id=1&response_type=code',
  },
  // https://kubernetes.github.io/ingress-nginx/examples/auth/oauth-external-auth/
  'Kubernetes: an ingress with an identity provider': {
    given: () => givenKubernetes(),
    location: 'https://login.microsoftonline.com/acme/oauth2/v2.0/authorize?client_id=1&response_type=code',
  },
};

test.each(Object.entries(doors))('%s: a login page is never a pass', async (_, { given, location }) => {
  const agent = await given();
  const image = agent.world.publish('v2', { answers: { '/health': { status: 302, headers: { location } } } });
  const before = agent.snapshot();
  const { main } = await agent.deploy({
    image,
    'smoke-tests': '- GET /health: { cross-origin-redirects: true, retry-for: 5s }',
  });
  expect(main.outputs['outcome']).toBe('rolled-back');
  expect(main.log).toMatch(/^::error.*a login answers instead of the service: it redirects to https:/m);
  expect(main.log).not.toContain('cross-origin-redirects');
  expect(agent.snapshot()).toEqual(before);
});
