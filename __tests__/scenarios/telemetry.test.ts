import { afterEach, describe, expect, test } from '@jest/globals';
import { type JsonObject, objectsAt, textAt } from '../../simulators/json.ts';
import type { Telemetry } from '../../simulators/telemetry.ts';
import { valueAt } from '../../src/model/json.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';

afterEach(closeAgents);

const COMMIT = '9fceb02d0ae598e95dc970b74767f19372d61af8';
const BROKEN = { answers: { '/predict': { status: 500, body: 'no weights' } } };

const tracing = ({ otlpUrl, otlpToken }: Telemetry) => ({
  'otlp-endpoint': otlpUrl,
  'otlp-headers': `authorization=Bearer%20${otlpToken}`,
  environment: 'production',
});

/** name -> value; a list as it is written. */
function attributesOf(holder: JsonObject): Record<string, unknown> {
  const entries = objectsAt(holder, 'attributes').map((one) => {
    const [[kind, value]] = Object.entries(valueAt(one, 'value') as JsonObject) as [[string, unknown]];
    const list =
      kind === 'arrayValue'
        ? objectsAt(value as JsonObject, 'values').map((item) => textAt(item, 'stringValue'))
        : null;
    return [textAt(one, 'key'), list ?? (kind === 'intValue' ? Number(value) : value)];
  });
  return Object.fromEntries(entries);
}

function partsOf(request: JsonObject) {
  const [whole] = objectsAt(request, 'resourceSpans');
  const [scope] = objectsAt(whole!, 'scopeSpans');
  const [root, ...children] = objectsAt(scope!, 'spans');
  return { resource: attributesOf(valueAt(whole, 'resource') as JsonObject), root: root!, children };
}

const msOf = (span: JsonObject, name: string): number => Number(BigInt(textAt(span, name)) / 1_000_000n);

describe('a trace', () => {
  test('has the deployment as its root, with what the semantic conventions name, and its phases as children', async () => {
    const agent = await givenAgent();
    const { telemetry } = agent.world;
    const image = agent.world.publish('v2', {});
    const { main } = await agent.deploy({ image, 'smoke-tests': '- GET /', ...tracing(telemetry) });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(telemetry.traces).toHaveLength(1);
    const { resource, root, children } = partsOf(telemetry.traces[0]!);
    expect(resource).toEqual({
      ...{ 'service.name': 'agent', 'service.version': COMMIT, 'deployment.environment.name': 'production' },
    });
    expect(root).toMatchObject({ name: 'deploy agent' });
    expect(textAt(root, 'parentSpanId')).toBe('');
    expect(valueAt(root, 'status')).not.toMatchObject({ code: 'STATUS_CODE_ERROR' });
    expect(attributesOf(root)).toMatchObject({
      ...{
        'cicd.pipeline.run.id': '4711',
        'cicd.pipeline.task.type': 'deploy',
        'cicd.pipeline.task.run.result': 'success',
      },
      ...{ 'vcs.provider.name': 'github', 'vcs.owner.name': 'acme', 'vcs.repository.name': 'agent' },
      ...{ 'vcs.ref.head.revision': COMMIT, 'deployment.status': 'succeeded', 'deploy_agent.outcome': 'deployed' },
      ...{ 'container.image.repo_digests': [main.outputs['image']], 'deploy_agent.smoke_tests.passed': 1 },
    });
    expect(children.map((child) => textAt(child, 'name'))).toEqual(
      expect.arrayContaining(['Roll out', 'Smoke test (live)']),
    );
    for (const child of children) {
      expect(textAt(child, 'traceId')).toBe(textAt(root, 'traceId'));
      expect(textAt(child, 'parentSpanId')).toBe(textAt(root, 'spanId'));
      expect(msOf(child, 'startTimeUnixNano')).toBeGreaterThanOrEqual(msOf(root, 'startTimeUnixNano'));
      expect(msOf(child, 'endTimeUnixNano')).toBeLessThanOrEqual(msOf(root, 'endTimeUnixNano'));
    }
    expect(new Set([root, ...children].map((span) => textAt(span, 'spanId'))).size).toBe(children.length + 1);
    expect(main.log).toContain(`Trace ${textAt(root, 'traceId')} was sent to otlp.example.`);
    expect(main.log.replace(/^::add-mask.*$/gm, '')).not.toContain(telemetry.otlpToken);
  });

  test('has each share of the traffic as a child, and the failed deployment as an error', async () => {
    const agent = await givenCloudRun();
    const { telemetry } = agent.world;
    const canary = { strategy: 'canary', steps: '25% for 1m, 50% for 1m', ...tracing(telemetry) };
    await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
    const { children } = partsOf(telemetry.traces[0]!);
    const shares = children.filter((child) => /^Traffic at/.test(textAt(child, 'name')));
    expect(shares.map((share) => attributesOf(share)['deploy_agent.traffic.in_force_percent'])).toEqual([25, 50, 100]);
    expect(msOf(shares[0]!, 'endTimeUnixNano') - msOf(shares[0]!, 'startTimeUnixNano')).toBeGreaterThanOrEqual(60_000);
    expect(attributesOf(shares[0]!)['deploy_agent.checks.passed_rounds']).toBeGreaterThan(1);

    const failing = agent.world.publish('v3', BROKEN);
    await agent.deploy({ image: failing, ...canary, 'smoke-tests': '- GET /predict' });
    const { root } = partsOf(telemetry.traces[1]!);
    expect(valueAt(root, 'status')).toEqual({
      code: 'STATUS_CODE_ERROR',
      message: expect.stringContaining('no weights'),
    });
    expect(attributesOf(root)).toMatchObject({
      ...{
        'error.type': 'SMOKE_TEST_FAILED',
        'cicd.pipeline.task.run.result': 'failure',
        'deployment.status': 'failed',
      },
    });
  });

  test('is part of the workflow’s own where TRACEPARENT names it, and comes from the post step after a cancel', async () => {
    const agent = await givenAgent();
    const { telemetry } = agent.world;
    const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const image = agent.world.publish('v2', {});
    await agent.deploy(
      { image, 'smoke-tests': '- GET /', ...tracing(telemetry) },
      { env: { TRACEPARENT }, onMainStart: agent.cancelMain(20_000) },
    );
    expect(telemetry.traces).toHaveLength(1);
    const { root } = partsOf(telemetry.traces[0]!);
    expect(root).toMatchObject({ traceId: TRACEPARENT.split('-')[1], parentSpanId: TRACEPARENT.split('-')[2] });
    expect(attributesOf(root)).toMatchObject({ 'cicd.pipeline.task.run.result': 'cancellation' });
  });

  test('is not sent of a plan, nor to where variables of the job say', async () => {
    const agent = await givenAgent();
    const { telemetry } = agent.world;
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: telemetry.otlpUrl };
    await agent.deploy({ image: agent.world.publish('v2', {}) }, { env });
    await agent.deploy({ image: agent.world.publish('v3', {}), mode: 'plan', ...tracing(telemetry) });
    expect(agent.world.edge.calls.filter(({ operation }) => operation === 'otlp:Export')).toEqual([]);
  });

  test.each([
    ['refuses it', { kind: 'status', status: 403, body: 'not for you' } as const, 'status 403: not for you'],
    ['breaks off', { kind: 'drop' } as const, 'could not reach otlp.example'],
    ['never answers', { kind: 'hang' } as const, 'no answer within'],
  ])('harms nothing where the collector %s', async (_what, act, said) => {
    const agent = await givenAgent();
    agent.world.edge.faults.add({ operation: /^otlp:Export$/, when: 'before', act });
    const inputs = tracing(agent.world.telemetry);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    expect(main.log.match(/^::notice.*$/gm)).toEqual([expect.stringContaining(said)]);
  });

  test('with a wrong address or wrong headers is refused before anything is sent, without the token', async () => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', {});
    const first = await agent.deploy({
      image,
      'otlp-endpoint': 'https://a:secret123456@otlp.example',
      'otlp-headers': 'secret123456',
    });
    expect(first.main.log).toContain('otlp-endpoint: got something else; expected a plain base URL');
    expect(first.main.log).toContain('otlp-headers: got something else; expected at most 20 headers');
    const second = await agent.deploy({
      image,
      'otlp-endpoint': 'http://169.254.169.254',
      'otlp-headers': 'a=secret123456',
    });
    expect(second.main.log).toContain('otlp-endpoint: got a refused address');
    const third = await agent.deploy({
      image,
      'otlp-endpoint': 'http://collector:4318',
      'otlp-headers': 'a=secret123456',
    });
    expect(third.main.log).toContain('otlp-headers: got headers; expected none, as the endpoint is not https');
    const fourth = await agent.deploy({ image, 'otlp-headers': 'a=secret123456' });
    expect(fourth.main.log).toContain('otlp-headers: got a value; expected nothing while there is no otlp-endpoint');
    const logs = [first, second, third, fourth].map(({ main }) => main.log.replace(/^::add-mask.*$/gm, '')).join('');
    expect(logs).not.toContain('secret123456');
    expect(agent.world.edge.calls).toEqual([]);
  });
});

describe('an annotation of Grafana', () => {
  const channel = ({ grafanaUrl, grafanaToken }: Telemetry, more = ''): string =>
    `- grafana: ${grafanaUrl}\n  token: ${grafanaToken}\n${more}`;

  test('covers the time of the deployment, with its service and environment as tags', async () => {
    const agent = await givenAgent();
    const { telemetry, clock } = agent.world;
    const before = clock.now();
    const inputs = { notify: channel(telemetry), environment: 'production' };
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
    expect(telemetry.annotations).toEqual([
      {
        text: expect.stringMatching(
          /^✅ Deployed agent to production · .*\nRevision: agent:2\nhttps:\/\/github\.com\/acme/s,
        ),
        tags: ['deployment', 'deployed', 'service:agent', 'environment:production'],
        ...{ time: expect.any(Number), timeEnd: expect.any(Number) },
      },
    ]);
    const { time, timeEnd } = telemetry.annotations[0] as { time: number; timeEnd: number };
    expect(time).toBeGreaterThanOrEqual(before);
    expect(timeEnd - time).toBeGreaterThan(10_000);
    expect(timeEnd).toBeLessThanOrEqual(clock.now());
    expect(main.log.replace(/^::add-mask.*$/gm, '')).not.toContain(telemetry.grafanaToken);
  });

  test('that is refused takes one notice, without the token', async () => {
    const agent = await givenAgent();
    const { telemetry } = agent.world;
    agent.world.edge.faults.add({
      operation: /^grafana:Annotate$/,
      when: 'before',
      act: { kind: 'status', status: 403, body: `${telemetry.grafanaToken} may not` },
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), notify: channel(telemetry) });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    expect(main.log.match(/^::notice.*$/gm)).toEqual([expect.stringContaining('status 403: *** may not')]);
    expect(main.log.replace(/^::add-mask.*$/gm, '')).not.toContain(telemetry.grafanaToken);
  });

  test('with a wrong entry is refused', async () => {
    const agent = await givenAgent();
    const { telemetry } = agent.world;
    const notify = `${channel(telemetry, '  on: [started]\n  body: {}\n')}- grafana: https://grafana.example\n- slack: ${agent.world.chat.slackUrl}\n  token: x`;
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), notify });
    for (const said of [
      'notify[0]: on: expected failed or succeeded',
      'notify[0]: body: expected nothing beside grafana',
      'notify[1]: token: expected the token of a service account',
      'notify[2]: token: expected nothing, as only grafana has one',
    ]) {
      expect(main.log).toContain(said);
    }
    expect(agent.world.edge.calls).toEqual([]);
  });
});
