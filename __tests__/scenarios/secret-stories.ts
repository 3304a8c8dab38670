import type { Agent } from '../../simulators/agent.ts';
import type { FaultAct } from '../../simulators/edge/faults.ts';
import type { ActionOptions } from '../../simulators/runner.ts';
import { SOURCE } from '../../simulators/world.ts';
import { headers, OTHER, predict, S, yaml } from './secret-inventory.ts';
import { awsError, canonical, type Story, status } from './secret-story.ts';

const echo = (status: number) => ({
  answers: { '/predict': { status, echo: true }, '/echo': { status: 200, echo: true } },
});

/** Every way in which a run that touches the service can go. */
export const stories: readonly Story[] = [
  {
    title: 'a good deploy',
    outcome: 'deployed',
    behaviour: echo(200),
    inputs: { 'smoke-tests': `${predict({ contains: 'POST' }).slice(0, -1)}, {"run": "env | cut -d= -f1"}]` },
    says: /Deployed/,
  },
  {
    title: 'a good deploy with the login in the inputs',
    outcome: 'deployed',
    inputs: { 'registry-username': SOURCE.username, 'registry-password': SOURCE.password },
  },
  {
    title: 'a good deploy that chats and GitHub are told of, and that say what they got',
    outcome: 'deployed',
    inputs: {
      notify: `- slack: https://hooks.slack.com/services/T0/B0/${S.webhook.value}\n- webhook: https://chat.example/x?token=${S.webhook.value}\n- grafana: https://grafana.example\n  token: ${S.grafanaToken.value}`,
      'otlp-endpoint': 'https://otlp.example',
      'otlp-headers': `authorization=Bearer%20${encodeURIComponent(S.otlpToken.value)}`,
      'github-token': S.gitHubToken.value,
      'github-deployment': 'production',
    },
    faults: {
      'slack:Post': status(404, `no_service: /services/T0/B0/${S.webhook.value}`),
      'chat:Post': status(403, `not for ${encodeURIComponent(S.webhook.value)}`),
      'grafana:Annotate': status(401, `{"message":"${S.grafanaToken.value} is not good"}`),
      'otlp:Export': status(403, `not for Bearer ${S.otlpToken.value}`),
      'github:ListDeployments': status(401, JSON.stringify({ message: `token ${S.gitHubToken.value} is not good` })),
    },
    says: /status 404: no_service.*\*\*\*/,
  },
  { title: 'an echo with the wrong status', outcome: 'rolled-back', behaviour: echo(500), says: /got 500/ },
  {
    title: 'an echo without the text',
    outcome: 'rollback-unconfirmed',
    behaviour: echo(200),
    inputs: { 'smoke-tests': predict({ contains: 'not there' }) },
  },
  {
    title: 'an echo with another value',
    outcome: 'rollback-unconfirmed',
    behaviour: echo(200),
    inputs: { 'smoke-tests': predict({ json: { body: 'x', headers: { 'x-api-key': 'y' } } }) },
    says: /expected "x", got/,
  },
  {
    title: 'an echo of a text body',
    outcome: 'rolled-back',
    behaviour: echo(500),
    inputs: {
      'smoke-tests': yaml([{ 'POST /predict': { body: `user=me&password=${S.body.value}`, 'retry-for': '0s' } }]),
    },
  },
  {
    title: 'a redirect to another origin that is followed',
    outcome: 'rollback-unconfirmed',
    behaviour: {
      answers: {
        '/predict': { status: 302, headers: { location: `https://${OTHER}/echo?token=${S.redirect.value}` } },
        '/echo': { status: 200, echo: true },
      },
    },
    inputs: {
      'smoke-tests': yaml([
        { 'GET /predict': { headers, contains: 'not there', 'cross-origin-redirects': true, 'retry-for': '0s' } },
      ]),
    },
    says: /to contain "not there"/,
  },
  {
    title: 'a redirect to another origin that is not followed',
    outcome: 'rolled-back',
    behaviour: {
      answers: {
        '/predict': { status: 307, headers: { location: `https://${OTHER}/echo?token=${S.redirect.value}` } },
      },
    },
    says: /to another origin \(https:\/\/other\.acme\.dev\) is not followed/,
  },
  {
    title: 'a crash loop',
    outcome: 'rolled-back',
    behaviour: { crash: { afterMs: 1_000, exitCode: 3, logs: ['KeyError'] } },
    says: /KeyError/,
  },
  {
    title: 'a cancelled job',
    outcome: null,
    options: (agent) => ({ onMainStart: agent.cancelMain(20_000) }),
    says: /cancelled/,
  },
  { title: 'a killed job', outcome: null, options: killedAfterUpdate, says: /rolled-back/ },
  {
    title: 'a killed job whose way back is refused',
    outcome: null,
    options: (agent) => killedAfterUpdate(agent, awsError('InvalidSignatureException', canonical)),
    says: /rollback-failed/,
  },
];

/** `then`: what the cloud answers to everything that the post step asks. */
function killedAfterUpdate(agent: Agent, then?: FaultAct): Partial<ActionOptions> {
  let killed = false;
  return {
    onMainStart: (child) => {
      if (killed) return;
      agent.world.edge.onCall((call, when) => {
        if (killed || when !== 'after' || call.operation !== 'ecs:UpdateService') return;
        killed = true;
        child.kill('SIGKILL');
        if (then) agent.world.edge.faults.add({ operation: /^ecs:/, when: 'after', act: then });
      });
    },
  };
}
