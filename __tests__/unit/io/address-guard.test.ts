import { describe, expect, it, test } from '@jest/globals';
import {
  ensureAllowedHost,
  guardedLookup,
  isForbiddenAddress,
  isPrivateAddress,
  publicLookup,
  smokeTestGuards,
} from '../../../src/io/address-guard.ts';
import { openHttp } from '../../../src/io/http.ts';

describe('an address', () => {
  test.each([
    '169.254.169.254',
    '169.254.170.2',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    'fe80::1',
    'fe80::1%eth0',
    'febf::ffff',
    'fd00:ec2::254',
    'fd00:0ec2:0:0:0:0:0:254',
    'fd20:ce::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::ffff:100.100.100.200',
    '::ffff:0:169.254.169.254',
    '::169.254.169.254',
    '64:ff9b::169.254.169.254',
    '64:ff9b::a83f:8110',
    '2002:a9fe:a9fe::1',
    '2002:6464:64c8::',
    'fd00:ec2::23',
    'fd00:ec2::253',
    'fd00:c1::a9fe:a9fe',
    'fd00:42::42',
    'fd00:a9fe:a9fe::1',
    'fd00:100::100:200',
    '192.0.0.192',
    '169.254.0.23',
    '0.0.0.0',
    '0.1.2.3',
    '::',
    '::ffff:0.0.0.0',
    '64:ff9b::192.0.0.192',
    '64:ff9b:1::169.254.169.254',
    '64:ff9b:1:a9fe:a9:fe00::',
    '64:ff9b:1:fffe:0:0:169.254.169.254',
    '2001:0:4136:e378:8000:63bf:5601:5601',
    'fe90::5efe:169.254.169.254',
    '2001:db8::5efe:169.254.169.254',
  ])('%s is forbidden', (address) => expect(isForbiddenAddress(address)).toBe(true));

  test.each([
    '127.0.0.1',
    '::1',
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '100.64.0.1',
    '100.100.100.201',
    '168.63.129.17',
    '169.253.255.255',
    '169.255.0.0',
    '8.8.8.8',
    'fd00::1',
    'fec0::1',
    '::ffff:10.0.0.1',
    '64:ff9b::8.8.8.8',
    '2002:a00:1::',
    '64:ff9b:1::8.8.8.8',
    '192.0.0.191',
    '1.0.0.0',
    '::2:0:0:1',
    'agent.acme.dev',
    '',
  ])('%s is allowed', (address) => expect(isForbiddenAddress(address)).toBe(false));
});

describe('a URL', () => {
  test.each([
    'http://metadata.google.internal.../',
    'http://169.254.169.254/latest',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://169.254.43518/',
    'http://①⑥⑨.254.169.254/',
    'http://169.254.169.254./',
    'http://[::ffff:169.254.169.254]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://METADATA.google.internal./',
    'http://metadata/',
    'http://metadata.goog/',
    'http://instance-data.ec2.internal/',
    'http://metadata.tencentyun.com/latest/meta-data/',
    'http://rancher-metadata./',
    'http://metadata.exoscale.com/',
    'http://[fd00:ec2::23]/v1/credentials',
    'http://0/',
    'http://0.0.0.0:8080/',
    'http://[::]:8080/',
  ])('%s is refused before anything is sent', (url) => {
    expect(() => ensureAllowedHost(new URL(url))).toThrow(/could not request/);
  });

  test.each([
    'http://my-metadata.google.internal/',
    'http://localhost/',
    'http://127.0.0.1:8080/',
    'https://metadata.acme.dev/',
    'http://[::1]/',
    'http://agent.internal/',
  ])('%s is allowed', (url) => expect(() => ensureAllowedHost(new URL(url))).not.toThrow());
});

describe('a private address', () => {
  test.each(['http://metadata.google.internal/', 'http://10.0.0.1./', 'http://[fd12::1]/'])(
    '%s is refused where only public ones are allowed',
    (url) => expect(() => smokeTestGuards.public.ensureAllowedHost(new URL(url))).toThrow(/could not request/),
  );

  test.each([
    ...['10.0.0.5', '172.31.0.1', '192.168.1.1', '100.64.0.1', '127.0.0.1', '169.254.169.254', '0.0.0.0', '224.0.0.1'],
    ...['::1', 'fd12::1', 'fe80::1', '::ffff:10.0.0.5', '64:ff9b::10.0.0.5', '2002:a00:1::', '168.63.129.16'],
  ])('is %s', (address) => expect(isPrivateAddress(address)).toBe(true));

  test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2001:4860:4860::8888', '64:ff9b::8.8.8.8', 'agent.acme.dev', ''])(
    'is not %s',
    (address) => expect(isPrivateAddress(address)).toBe(false),
  );

  test('is what a name may not stand for where it has to be on the internet', async () => {
    const found = await new Promise((done) => publicLookup('127.0.0.1', { all: true }, done));
    expect(found).toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('a private address') });
  });
});

describe('a name', () => {
  const resolve = (host: string, all: boolean) =>
    new Promise<unknown>((done) => guardedLookup(host, { all }, (error, found) => done(error ?? found)));

  it('that stands for an allowed address is resolved, in both forms that Node asks for', async () => {
    expect(await resolve('127.0.0.1', true)).toEqual([{ address: '127.0.0.1', family: 4 }]);
    expect(await resolve('127.0.0.1', false)).toBe('127.0.0.1');
  });

  it('that stands for a forbidden address is refused', async () => {
    for (const all of [true, false]) {
      expect(await resolve('169.254.169.254', all)).toMatchObject({ code: 'INPUT_INVALID' });
      expect(await resolve('::ffff:169.254.169.254', all)).toMatchObject({ code: 'INPUT_INVALID' });
    }
  });

  it('that cannot be resolved is an error of DNS', async () => {
    expect(await resolve('no-such-name.invalid', true)).toMatchObject({ syscall: 'getaddrinfo' });
  });

  it('that rebinds to a forbidden address is not connected to', async () => {
    const sent = openHttp({}).send({
      method: 'GET',
      url: new URL('http://rebound.invalid/'),
      timeoutMs: 5_000,
      lookup: (_host, options, callback) => guardedLookup('169.254.169.254', options, callback),
    });
    await expect(sent).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
