import { createHash, createHmac } from 'node:crypto';
import type http from 'node:http';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findSignature, isSignedWith } from '../../../../../simulators/aws/sigv4.ts';
import { eksLogin } from '../../../../../src/clouds/aws/eks/login.ts';
import type { ClusterAccess } from '../../../../../src/clouds/cluster-login.ts';
import { openSharedLogins } from '../../../../../src/clouds/target.ts';
import { readStepInputs } from '../../../../../src/inputs/step-inputs.ts';
import type { HttpRequest, HttpResponse } from '../../../../../src/io/http.ts';
import { describeError } from '../../../../../src/model/errors.ts';
import { type FakeIo, fakeIo } from '../../../../fixtures/fake-io.ts';

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const NAMES = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];
const before = NAMES.map((name) => [name, process.env[name]] as const);

beforeAll(() => {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_SESSION_TOKEN: 'session/token+with=odd',
  });
});
afterAll(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

const SHOP = {
  name: 'shop',
  status: 'ACTIVE',
  endpoint: 'https://0123456789.gr7.eu-west-1.eks.amazonaws.com',
  certificateAuthority: { data: Buffer.from('-----BEGIN CERTIFICATE-----').toString('base64') },
};

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Stage {
  readonly io: FakeIo;
  readonly sent: HttpRequest[];
  open(): Promise<ClusterAccess>;
}

function stage(answers: readonly Answer[], given: Readonly<Record<string, string>> = {}): Stage {
  const sent: HttpRequest[] = [];
  const fake = fakeIo();
  const send = async (request: HttpRequest): Promise<HttpResponse> => {
    sent.push(request);
    const { status = 200, headers = {}, body = {} } = answers[Math.min(sent.length, answers.length) - 1]!;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return { status, headers, body: Readable.from([Buffer.from(text)]) as unknown as http.IncomingMessage };
  };
  const io: FakeIo = { ...fake, http: { ...fake.http, send } };
  const inputs = { 'eks-cluster': 'shop', region: 'eu-west-1', ...given };
  const env = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]));
  const reader = readStepInputs(env);
  const open = eksLogin.parse(reader);
  reader.ensureNoProblems();
  return { io, sent, open: () => open({ io, signal: io.signal, logins: openSharedLogins() }) };
}

describe('an EKS cluster', () => {
  test('is described by one signed request', async () => {
    const { io, sent, open } = stage([{ body: { cluster: SHOP } }]);
    const access = await open();
    expect(access).toMatchObject({ cluster: 'cluster shop (eu-west-1)', namespace: null });
    expect(access.server.href).toBe(`${SHOP.endpoint}/`);
    expect(sent).toHaveLength(1);
    const { method, url, headers = {} } = sent[0]!;
    expect([method, url.href]).toEqual(['GET', 'https://eks.eu-west-1.amazonaws.com/clusters/shop']);
    const request = { method, url, headers, body: Buffer.alloc(0) };
    const signature = findSignature(request)!;
    expect(signature).toMatchObject({ service: 'eks', region: 'eu-west-1', accessKeyId: 'AKIDEXAMPLE' });
    expect(isSignedWith(SECRET, request, signature)).toBe(true);
    expect(headers['x-amz-security-token']).toBe('session/token+with=odd');
    expect(io.printed).toEqual(['EKS: cluster shop in eu-west-1']);
  });

  test('with a private endpoint is said to be one', async () => {
    const cluster = { ...SHOP, resourcesVpcConfig: { endpointPublicAccess: false } };
    const { io, open } = stage([{ body: { cluster } }]);
    await open();
    expect(io.printed).toEqual(['EKS: cluster shop in eu-west-1, reached from its VPC only']);
  });

  test.each([
    ['cn-north-1', 'eks.cn-north-1.amazonaws.com.cn'],
    ['us-gov-west-1', 'eks.us-gov-west-1.amazonaws.com'],
    ['eusc-de-east-1', 'eks.eusc-de-east-1.amazonaws.eu'],
  ])('in %s is at %s', async (region, host) => {
    const { sent, open } = stage([{ body: { cluster: SHOP } }], { region });
    await open();
    expect(sent[0]!.url.host).toBe(host);
  });

  test('that is being updated is used; one that is being made is not', async () => {
    await stage([{ body: { cluster: { ...SHOP, status: 'UPDATING' } } }]).open();
    const making = stage([{ body: { cluster: { name: 'shop', status: 'CREATING' } } }]);
    await expect(making.open()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: 'could not use EKS cluster shop: its status is CREATING',
    });
  });

  test.each([
    [
      {
        status: 404,
        headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
        body: { message: 'No cluster found for name: shop.' },
      },
      'NOT_FOUND',
      'No cluster found for name: shop.',
      '`eks-cluster` and `region`',
    ],
    [
      {
        status: 403,
        headers: { 'x-amzn-errortype': 'AccessDeniedException:http://internal.amazon.com/coral/' },
        body: { message: 'User: arn is not authorized to perform: eks:DescribeCluster on resource: shop' },
      },
      'PERMISSION_DENIED',
      'the role lacks eks:DescribeCluster',
      'Add eks:DescribeCluster',
    ],
    [
      { status: 403, body: { __type: 'ExpiredTokenException', message: 'expired' } },
      'AUTH_FAILED',
      'expired',
      'role-duration-seconds',
    ],
  ])('that is refused is one error: %#', async (answer, code, message, hint) => {
    const { sent, open } = stage([answer]);
    await expect(open()).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
    expect(sent).toHaveLength(1);
  });

  test.each([
    ['a page', { body: '<html>' }],
    ['500', { status: 500, body: { message: 'oops' } }],
    ['429', { status: 429, headers: { 'x-amzn-errortype': 'TooManyRequestsException' }, body: {} }],
  ])('is asked for again after %s', async (_, answer: Answer) => {
    const { sent, open } = stage([answer, answer, { body: { cluster: SHOP } }]);
    await open();
    expect(sent).toHaveLength(3);
  });
});

describe('its token', () => {
  async function decode(access: ClusterAccess): Promise<URL> {
    const { headers } = await access.credentials(null);
    const [, packed] = /^Bearer k8s-aws-v1\.([\w-]+)$/.exec(headers['authorization'] ?? '') ?? [];
    return new URL(Buffer.from(packed!, 'base64url').toString());
  }

  /** Computed here once more, after https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
  function signatureOf(url: URL): string {
    const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    const query = [...url.searchParams].filter(([name]) => name !== 'X-Amz-Signature');
    const sorted = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).sort();
    const headers = `host:${url.host}\nx-k8s-aws-id:shop\n`;
    const canonical = ['GET', '/', sorted.join('&'), headers, 'host;x-k8s-aws-id', sha256('')].join('\n');
    const date = url.searchParams.get('X-Amz-Date')!;
    const scope = `${date.slice(0, 8)}/eu-west-1/sts/aws4_request`;
    const key = scope.split('/').reduce<string | Buffer>((previous, part) => hmac(previous, part), `AWS4${SECRET}`);
    return hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString('hex');
  }

  test('is a presigned request with the cluster’s name as a signed header, and no parameter more', async () => {
    const { io, open } = stage([{ body: { cluster: SHOP } }]);
    const access = await open();
    const url = await decode(access);
    expect([url.origin, url.pathname]).toEqual(['https://sts.eu-west-1.amazonaws.com', '/']);
    expect([...url.searchParams.keys()].sort()).toEqual([
      'Action',
      'Version',
      'X-Amz-Algorithm',
      'X-Amz-Credential',
      'X-Amz-Date',
      'X-Amz-Expires',
      'X-Amz-Security-Token',
      'X-Amz-Signature',
      'X-Amz-SignedHeaders',
    ]);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      Action: 'GetCallerIdentity',
      Version: '2011-06-15',
      'X-Amz-Expires': '60',
      'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
      'X-Amz-Security-Token': 'session/token+with=odd',
      'X-Amz-Date': new Date(io.clock.now()).toISOString().replace(/[-:]|\.\d+/g, ''),
      'X-Amz-Signature': signatureOf(url),
    });
    const { headers, connection } = await access.credentials(null);
    expect(connection).toEqual({ ca: '-----BEGIN CERTIFICATE-----' });
    expect(io.masked).toContain(headers['authorization']!.slice('Bearer '.length));
  });

  test('is made again after 14 minutes, and when it was refused', async () => {
    const { io, sent, open } = stage([{ body: { cluster: SHOP } }]);
    const access = await open();
    const first = await access.credentials(null);
    await io.clock.sleep(14 * 60_000 - 1);
    expect(await access.credentials(null)).toBe(first);
    await io.clock.sleep(1);
    const second = await access.credentials(null);
    expect(second.headers).not.toEqual(first.headers);
    await io.clock.sleep(1_000);
    expect(await access.credentials(second)).not.toBe(second);
    expect(sent).toHaveLength(1);
  });

  test('that the cluster does not know leads to the access entries', async () => {
    const { hints } = await stage([{ body: { cluster: SHOP } }]).open();
    expect(hints?.unauthorized).toContain('aws eks create-access-entry');
    expect(hints?.forbidden).toContain('associate-access-policy');
  });
});

describe('the inputs', () => {
  test.each([
    [{ 'eks-cluster': 'arn:aws:eks:eu-west-1:1:cluster/shop' }, /eks-cluster: got "arn:/],
    [{ region: 'Ireland' }, /region: got "Ireland"/],
    [{ 'expected-account': '12' }, /expected-account: got "12"/],
  ])('are checked: %j', (given, message) => {
    expect(() => stage([], given)).toThrow(message);
  });

  test('need a region, also of the job', async () => {
    const { open } = stage([], { region: '' });
    const error = describeError(await open().catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('region of cluster shop') });
  });
});
