import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import { ecsTarget } from '../../../../../src/clouds/aws/ecs/target.ts';
import { formatConsoleUrl } from '../../../../../src/clouds/aws/ecs/workload.ts';
import { targets } from '../../../../../src/clouds/index.ts';
import { openSharedLogins } from '../../../../../src/clouds/target.ts';
import type { Io } from '../../../../../src/io/io.ts';
import { neverAborted } from '../../../../../src/io/signals.ts';
import type { InputReader } from '../../../../../src/model/input-reader.ts';
import { openWire, type Wire } from '../wire-fake.ts';

function parse(inputs: Record<string, string>) {
  const problems: string[] = [];
  const text = (name: string): string => inputs[name] ?? '';
  const reader: InputReader = {
    text,
    required: (name) => {
      if (text(name) === '') problems.push(`${name} is missing`);
      return text(name);
    },
    boolean: (_name, fallback) => fallback,
    duration: () => 0,
    choice: (_name, _choices, fallback) => fallback,
    problem: (name, { given }) => void problems.push(`${name}: ${given}`),
  };
  const open = ecsTarget.parse(reader);
  return { open: (io: Io) => open({ io, signal: neverAborted, logins: openSharedLogins() }), problems };
}

describe('the inputs', () => {
  it('need a service; the cluster is `default`', async () => {
    const wire = await openWire({
      DescribeServices: () => ({ services: [], failures: [{ reason: 'CLUSTER_NOT_FOUND' }] }),
    });
    const { open, problems } = parse({ service: 'agent', region: 'eu-west-1' });
    expect(problems).toEqual([]);
    await expect(open(wire.io)).rejects.toMatchObject({
      message: expect.stringContaining('service agent in cluster default (eu-west-1)'),
    });
    await wire.close();
    expect(parse({}).problems).toEqual(['service is missing']);
  });

  it('are checked together', () => {
    const { problems } = parse({ service: 'arn:aws:ecs:x:1:service/agent', cluster: 'a b', region: 'Ireland' });
    expect(problems).toEqual(['cluster: "a b"', 'service: "arn:aws:ecs:x:1:service/agent"', 'region: "Ireland"']);
  });

  it.each(['eu-west-1', 'us-gov-west-1', 'cn-north-1', 'ap-southeast-4', 'eusc-de-east-1'])(
    'take region %s',
    (region) => {
      expect(parse({ service: 'agent', region }).problems).toEqual([]);
    },
  );

  test('are listed, so that another target’s are noticed', () => {
    expect(targets.get('ecs')?.inputs).toEqual(['cluster', 'service', 'allow-empty', 'region', 'expected-account']);
  });
});

describe('the region', () => {
  let wire: Wire;
  beforeEach(async () => {
    wire = await openWire({ DescribeServices: () => ({ services: [{ serviceName: 'agent', status: 'ACTIVE' }] }) });
  });
  afterEach(() => wire.close());

  const open = (region: string, env: Record<string, string>) =>
    parse({ service: 'agent', region }).open({ ...wire.io, env });

  it.each([
    ['eu-west-1', { AWS_REGION: 'us-east-1' }, 'eu-west-1'],
    ['', { AWS_REGION: 'us-east-1', AWS_DEFAULT_REGION: 'us-east-2' }, 'us-east-1'],
    ['', { AWS_DEFAULT_REGION: 'us-east-2' }, 'us-east-2'],
  ])('is the input "%s", else the environment’s %j', async (region, env, expected) => {
    expect((await open(region, env)).resource).toContain(expected);
    expect(wire.calls[0]?.authorization).toContain(`/${expected}/ecs/aws4_request`);
  });

  it.each([[{}], [{ AWS_REGION: 'evil.example/' }]])(
    'is asked for when the environment has none that is one: %j',
    async (env) => {
      await expect(open('', env)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      expect(wire.calls).toEqual([]);
    },
  );
});

describe('the expected account', () => {
  it.each(['12345', '1234567890123', '12345678901x'])('is twelve digits, not %s', (given) => {
    expect(parse({ service: 'agent', 'expected-account': given }).problems).toEqual([`expected-account: "${given}"`]);
  });

  it('is that of the credentials, or nothing else is asked', async () => {
    const answers = {
      DescribeServices: () => ({ services: [{ serviceName: 'agent', status: 'ACTIVE' }] }),
      GetCallerIdentity: () =>
        '<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>',
    };
    const wire = await openWire(answers);
    const open = (expectedAccount: string) =>
      parse({ service: 'agent', region: 'eu-west-1', 'expected-account': expectedAccount }).open(wire.io);
    await expect(open('210987654321')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: 'could not start in account 210987654321: the credentials are of 123456789012',
    });
    expect(wire.calls.map(({ operation }) => operation)).toEqual(['GetCallerIdentity']);
    expect((await open('123456789012')).resource).toContain('service agent');
    await wire.close();
  });
});

test.each([
  ['eu-west-1', 'https://eu-west-1.console.aws.amazon.com/'],
  ['cn-north-1', 'https://cn-north-1.console.amazonaws.cn/'],
  ['us-gov-west-1', 'https://us-gov-west-1.console.amazonaws-us-gov.com/'],
  ['eusc-de-east-1', 'https://eusc-de-east-1.console.amazonaws-eusc.eu/'],
])('the console of %s is at %s', (region, start) => {
  expect(formatConsoleUrl({ region, cluster: 'c', service: 's' })).toBe(
    `${start}ecs/v2/clusters/c/services/s/deployments?region=${region}`,
  );
});
