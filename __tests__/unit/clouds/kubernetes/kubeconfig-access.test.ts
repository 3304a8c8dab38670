import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Authority, createAuthority, type HostCertificate } from '../../../../simulators/edge/certificates.ts';
import type { ClusterAccess } from '../../../../src/clouds/cluster-login.ts';
import { openKubeconfig } from '../../../../src/clouds/kubernetes/kubeconfig-access.ts';
import type { Exec } from '../../../../src/io/exec.ts';
import { type FakeIo, fakeIo } from '../../../fixtures/fake-io.ts';
import { kubeconfig } from './kubeconfigs.ts';

let authority: Authority;
let client: HostCertificate;
let folder: string;

beforeAll(async () => {
  authority = await createAuthority();
  client = await authority.issue('client.example');
});
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'deploy-agent-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(options: Parameters<typeof kubeconfig>[0], io: FakeIo = fakeIo()): ClusterAccess {
  return openKubeconfig({ given: { kind: 'text', text: kubeconfig(options) }, context: '', expected: null }, io);
}

/** As kubectl finds it: in a file, to whose folder paths are relative. */
function openFile(options: Parameters<typeof kubeconfig>[0], io: FakeIo): ClusterAccess {
  io.stored.set('/home/ci/kube/config', kubeconfig(options));
  return openKubeconfig({ given: { kind: 'file', path: '/home/ci/kube/config' }, context: '', expected: null }, io);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

const refusal = (code: string, message: string | RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('a cluster of a kubeconfig', () => {
  test('is reached by what the kubeconfig says', async () => {
    const cluster = {
      'certificate-authority-data': base64(authority.certificatePem),
      'tls-server-name': 'kubernetes',
      'proxy-url': 'http://ada:pass@proxy.example:3128',
    };
    const access = open({ server: 'https://10.0.0.1:6443/k8s/', cluster, namespace: 'shop' });
    expect(access).toMatchObject({ cluster: 'cluster main (https://10.0.0.1:6443)', namespace: 'shop' });
    expect(access.server.href).toBe('https://10.0.0.1:6443/k8s/');
    expect((await access.credentials(null)).connection).toEqual({
      ca: authority.certificatePem,
      serverName: 'kubernetes',
      proxy: 'http://ada:pass@proxy.example:3128/',
    });
  });

  test('may name its authority by a path, relative to the kubeconfig', async () => {
    const io = fakeIo();
    io.stored.set('/home/ci/kube/pki/ca.crt', authority.certificatePem);
    const access = openFile({ cluster: { 'certificate-authority': 'pki/ca.crt' } }, io);
    expect((await access.credentials(null)).connection).toEqual({ ca: authority.certificatePem });
  });

  test('that is not verified is warned about', async () => {
    const io = fakeIo();
    const access = open({ cluster: { 'insecure-skip-tls-verify': true } }, io);
    expect((await access.credentials(null)).connection).toEqual({ isUnverified: true });
    expect(io.printed.join('\n')).toContain('The certificate of 10.0.0.1:6443 is not verified');
  });

  test.each([
    ['no server', { server: '' }, 'INPUT_INVALID', 'it has no server'],
    ['a server without a scheme', { server: '10.0.0.1:6443' }, 'INPUT_INVALID', 'no URL like https:'],
    ['a login in the server', { server: 'https://a:b@10.0.0.1' }, 'INPUT_INVALID', 'no URL like https:'],
    ['a server without TLS', { server: 'http://10.0.0.1:8080' }, 'INPUT_INVALID', 'sent without TLS'],
    ['a proxy of SOCKS', { cluster: { 'proxy-url': 'socks5://u:hunter2@a:1080' } }, 'UNSUPPORTED', 'is socks5$'],
    ['a proxy without a scheme', { cluster: { 'proxy-url': 'proxy.example' } }, 'UNSUPPORTED', 'is none$'],
    ['an authority that is missing', { cluster: { 'certificate-authority': 'ca' } }, 'INPUT_INVALID', 'ENOENT'],
    ['an authority that is none', { cluster: { 'certificate-authority-data': 'aGVsbG8=' } }, 'INPUT_INVALID', 'no PEM'],
    [
      'an authority beside no verification',
      { cluster: { 'insecure-skip-tls-verify': true, 'certificate-authority-data': 'aGVsbG8=' } },
      'INPUT_INVALID',
      'insecure-skip-tls-verify beside',
    ],
  ])('is refused with %s', (_, options, code, message) => {
    expect(() => open(options)).toThrow(refusal(code, message));
  });

  test('of this machine may go without TLS, as kubectl proxy does', () => {
    expect(open({ server: 'http://127.0.0.1:8001' }).server.port).toBe('8001');
  });
});

describe('a user of a kubeconfig', () => {
  test.each([
    ['a token', { token: 'hunter2' }, { authorization: 'Bearer hunter2' }],
    ['a password', { username: 'ada', password: 'hunter2' }, { authorization: `Basic ${base64('ada:hunter2')}` }],
    ['nothing', {}, {}],
    [
      'another user',
      {
        token: 'hunter2',
        as: 'bob',
        'as-uid': '7',
        'as-groups': ['dev'],
        'as-user-extra': { 'Acme.io/Scope': ['all'] },
      },
      {
        authorization: 'Bearer hunter2',
        'Impersonate-User': 'bob',
        'Impersonate-Uid': '7',
        'Impersonate-Group': 'dev',
        'Impersonate-Extra-acme.io%2Fscope': 'all',
      },
    ],
  ])('logs in with %s', async (_, user, headers) => {
    const io = fakeIo();
    const access = open({ user }, io);
    const credentials = await access.credentials(null);
    expect(credentials.headers).toEqual(headers);
    if ('token' in user) expect(io.masked).toContain('hunter2');
    // There are no others, so there is no point in sending the request again.
    expect(await access.credentials(credentials)).toBe(credentials);
  });

  test('logs in with a certificate, also by a path', async () => {
    const data = { 'client-certificate-data': base64(client.cert), 'client-key-data': base64(client.key) };
    expect((await open({ user: data }).credentials(null)).connection).toEqual({
      certificate: client.cert,
      key: client.key,
    });
    const io = fakeIo();
    io.stored.set('/home/ci/kube/ada.crt', client.cert).set('/keys/ada.key', client.key);
    const access = openFile({ user: { 'client-certificate': 'ada.crt', 'client-key': '../../../keys/ada.key' } }, io);
    expect((await access.credentials(null)).connection).toEqual({ certificate: client.cert, key: client.key });
    expect(io.masked).toContain(client.key);
  });

  test('with a token file: it is read again after a minute, and at once when the token was refused', async () => {
    const io = fakeIo();
    io.stored.set('/home/ci/kube/token', 'one\n');
    const access = openFile({ user: { tokenFile: 'token', token: 'old' } }, io);
    const first = await access.credentials(null);
    expect(first.headers).toEqual({ authorization: 'Bearer one' });
    io.stored.set('/home/ci/kube/token', 'two\n');
    await io.clock.sleep(59_000);
    expect(await access.credentials(null)).toBe(first);
    await io.clock.sleep(2_000);
    const second = await access.credentials(null);
    expect(second.headers).toEqual({ authorization: 'Bearer two' });
    io.stored.set('/home/ci/kube/token', 'three');
    expect((await access.credentials(second)).headers).toEqual({ authorization: 'Bearer three' });
    expect(io.masked).toEqual(['one', 'two', 'three']);
  });

  test.each([
    ['as-groups without as', { 'as-groups': ['a'] }, 'INPUT_INVALID', 'as-groups without as'],
    ['several groups', { as: 'a', 'as-groups': ['a', 'b'] }, 'UNSUPPORTED', 'more than one group'],
    ['several values', { as: 'a', 'as-user-extra': { x: ['a', 'b'] } }, 'UNSUPPORTED', 'more than one value for x'],
    ['a name that no header carries', { as: 'a\nb' }, 'UNSUPPORTED', 'other characters than ASCII'],
    ['a legacy provider', { 'auth-provider': { name: 'gcp' } }, 'UNSUPPORTED', 'auth-provider gcp'],
    ['a token of two lines', { token: 'a\nb' }, 'INPUT_INVALID', 'spaces or line breaks'],
    ['a token file that is missing', { tokenFile: 'x' }, 'INPUT_INVALID', 'ENOENT'],
    ['a certificate without key', { 'client-certificate-data': 'aGVsbG8=' }, 'INPUT_INVALID', 'without the other'],
  ])('is refused with %s', (_, user, code, message) => {
    expect(() => open({ user })).toThrow(refusal(code, message));
  });

  test('is refused when the certificate is none', async () => {
    const user = { 'client-certificate-data': base64('hunter2'), 'client-key-data': base64(client.key) };
    await expect(open({ user }).credentials(null)).rejects.toThrow(
      refusal('INPUT_INVALID', /^could not use the client certificate of user main .*: it is no PEM/),
    );
  });

  test('is refused when the key is that of another certificate', async () => {
    const { key } = await authority.issue('other.example');
    const user = { 'client-certificate-data': base64(client.cert), 'client-key-data': base64(key) };
    await expect(open({ user }).credentials(null)).rejects.toThrow(refusal('INPUT_INVALID', 'client key'));
  });
});

describe('an exec plugin', () => {
  const V1 = 'client.authentication.k8s.io/v1';

  function plugin(script: string, more: object = {}): Parameters<typeof kubeconfig>[0] {
    const file = path.join(folder, 'plugin');
    writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { user: { exec: { apiVersion: V1, command: file, interactiveMode: 'Never', ...more } } };
  }

  const answer = (status: object, apiVersion = V1): string =>
    `cat <<'END'\n${JSON.stringify({ kind: 'ExecCredential', apiVersion, status })}\nEND`;

  test('gives a token', async () => {
    const io = fakeIo({ env: { PATH: process.env['PATH']! } });
    const access = open(plugin(answer({ token: 'hunter2' })), io);
    expect((await access.credentials(null)).headers).toEqual({ authorization: 'Bearer hunter2' });
    expect(io.masked).toContain('hunter2');
  });

  test('gives a client certificate', async () => {
    const io = fakeIo({ env: { PATH: process.env['PATH']! } });
    const status = { clientCertificateData: client.cert, clientKeyData: client.key };
    const access = open(plugin(answer(status)), io);
    expect((await access.credentials(null)).connection).toEqual({ certificate: client.cert, key: client.key });
  });

  test('gets arguments, its environment and the cluster, no input, and nothing of this action', async () => {
    const env = { PATH: process.env['PATH']!, INPUT_KUBECONFIG: 'secret', GITHUB_ENV: '/x', HOME: '/home/ci' };
    const io = fakeIo({ env });
    const seen = path.join(folder, 'seen');
    const script = `env > ${seen}; echo "args $*" >> ${seen}; echo "input $(cat)" >> ${seen}\n${answer({ token: 'a' })}`;
    const cluster = {
      'certificate-authority-data': base64(authority.certificatePem),
      extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'shop' } }],
    };
    const more = { args: ['get', 'a b'], env: [{ name: 'PROFILE', value: 'ci' }], provideClusterInfo: true };
    await open({ ...plugin(script, more), cluster }, io).credentials(null);
    const text = readFileSync(seen, 'utf8');
    expect(text).toMatch(/^PROFILE=ci$/m);
    expect(text).toMatch(/^HOME=\/home\/ci$/m);
    expect(text).toMatch(/^args get a b$/m);
    expect(text).toMatch(/^input $/m);
    expect(text).not.toMatch(/INPUT_|GITHUB_ENV/);
    const info = JSON.parse(/^KUBERNETES_EXEC_INFO=(.*)$/m.exec(text)![1]!);
    expect(info).toEqual({
      apiVersion: V1,
      kind: 'ExecCredential',
      spec: {
        interactive: false,
        cluster: {
          server: 'https://10.0.0.1:6443',
          'certificate-authority-data': cluster['certificate-authority-data'],
          config: { audience: 'shop' },
        },
      },
    });
  });

  test('is told nothing of the cluster unless the kubeconfig says so', async () => {
    const io = fakeIo({ env: { PATH: process.env['PATH']! } });
    const seen = path.join(folder, 'seen');
    await open(plugin(`echo "$KUBERNETES_EXEC_INFO" > ${seen}\n${answer({ token: 'a' })}`), io).credentials(null);
    const info = JSON.parse(readFileSync(seen, 'utf8'));
    expect(info.spec).toEqual({ interactive: false });
  });

  test('by a path is relative to the kubeconfig', async () => {
    const io = fakeIo();
    const commands: string[] = [];
    const run: Exec['run'] = async (command) => {
      commands.push(command);
      return { exitCode: 1, stdout: '' };
    };
    const exec = (command: string) => ({ user: { exec: { apiVersion: V1, command } } });
    for (const command of ['./bin/login', 'login', '/opt/login']) {
      await expect(openFile(exec(command), { ...io, exec: { run } }).credentials(null)).rejects.toThrow();
    }
    expect(commands).toEqual(['/home/ci/kube/bin/login', 'login', '/opt/login']);
  });

  test('does not run where the user has a token', async () => {
    const io = fakeIo();
    const { user } = plugin('exit 1') as { user: object };
    const access = open({ user: { ...user, token: 'own' } }, io);
    expect((await access.credentials(null)).headers).toEqual({ authorization: 'Bearer own' });
  });

  describe('runs', () => {
    function counting(lifeMs: number | null, isNew = true): { readonly io: FakeIo; readonly runs: () => number } {
      const io = fakeIo();
      let runs = 0;
      const run: Exec['run'] = async (_command, _args, { output }) => {
        runs += 1;
        const expirationTimestamp =
          lifeMs === null ? {} : { expirationTimestamp: new Date(io.clock.now() + lifeMs).toISOString() };
        const status = { token: `token-${isNew ? runs : 1}`, ...expirationTimestamp };
        output!.stdout.write(Buffer.from(JSON.stringify({ kind: 'ExecCredential', apiVersion: V1, status })));
        return { exitCode: 0, stdout: '' };
      };
      return { io: { ...io, exec: { run } }, runs: () => runs };
    }

    const user = { exec: { apiVersion: V1, command: 'login' } };

    test('once for requests at the same time, and again 60 s before the end', async () => {
      const { io, runs } = counting(15 * 60_000);
      const access = open({ user }, io);
      expect(runs()).toBe(0);
      await Promise.all(Array.from({ length: 5 }, () => access.credentials(null)));
      await io.clock.sleep(14 * 60_000 - 1_000);
      await access.credentials(null);
      expect(runs()).toBe(1);
      await io.clock.sleep(1_000);
      expect((await access.credentials(null)).headers).toEqual({ authorization: 'Bearer token-2' });
      expect(runs()).toBe(2);
    });

    test('again after a 401, once for all that were refused together', async () => {
      const { io, runs } = counting(null);
      const access = open({ user }, io);
      const refused = await access.credentials(null);
      const [one, two] = await Promise.all([access.credentials(refused), access.credentials(refused)]);
      expect(one).toBe(two);
      expect(await access.credentials(refused)).toBe(one);
      expect(runs()).toBe(2);
    });

    test('in vain where it has no other token', async () => {
      const { io } = counting(null, false);
      const access = open({ user }, io);
      const refused = await access.credentials(null);
      expect(await access.credentials(refused)).toBe(refused);
    });
  });

  test.each([
    ['prints something else', 'echo "hunter2 is my secret"', {}, /is no ExecCredential$/],
    ['prints too much', 'head -c 2000000 /dev/zero', {}, /is no ExecCredential$/],
    ['prints nothing', 'true', {}, /is no ExecCredential$/],
    ['prints no token', answer({ hunter2: 'hunter2' }), {}, /neither a token nor a client certificate$/],
    ['prints half a certificate', answer({ clientKeyData: 'hunter2' }), {}, /without the other$/],
    ['prints a token of two lines', answer({ token: 'hunter2\nx' }), {}, /characters that no token has$/],
    [
      'prints no time',
      answer({ token: 'hunter2', expirationTimestamp: 'soon' }),
      {},
      /expirationTimestamp is no time$/,
    ],
    [
      'prints another version',
      answer({ token: 'hunter2' }, 'client.authentication.k8s.io/v1beta1'),
      {},
      /another apiVersion/,
    ],
    ['fails', 'echo hunter2; echo "no login" >&2; exit 3', {}, /: exit code 3$/],
    ['is killed', 'kill -9 $$', {}, /: it was ended by SIGKILL$/],
    ['is not there', '', { command: 'login-not-there' }, /it could not be started: ENOENT$/],
  ])('that %s is one error, without what it printed', async (_, script, more, message) => {
    const io = fakeIo({ env: { PATH: process.env['PATH']! } });
    const error = await open(plugin(script, more), io)
      .credentials(null)
      .then(
        () => null,
        (thrown: Error) => thrown,
      );
    expect(error).toEqual(refusal('AUTH_FAILED', /^could not get credentials from the exec plugin /));
    expect(error!.message).toMatch(message);
    expect([error!.message, ...io.printed].join('\n')).not.toContain('hunter2');
    if (script.includes('no login')) expect(io.printed).toContain('no login');
  });

  test('that takes too long is ended', async () => {
    const io = fakeIo();
    const run: Exec['run'] = async (_command, _args, options) => {
      expect(options.timeoutMs).toBe(60_000);
      return { exitCode: null, signal: 'SIGTERM', timedOut: true, stdout: '' };
    };
    const access = open({ user: { exec: { apiVersion: V1, command: 'login' } } }, { ...io, exec: { run } });
    await expect(access.credentials(null)).rejects.toThrow(/it did not end within 60s$/);
  });

  test('that is not installed has its own hint', async () => {
    const installHint = 'Install login from https://example.com';
    const access = open({ user: { exec: { apiVersion: V1, command: 'login-not-there', installHint } } });
    await expect(access.credentials(null)).rejects.toMatchObject({ hint: installHint });
  });

  test.each([
    [
      'an old version',
      { apiVersion: 'client.authentication.k8s.io/v1alpha1', command: 'x' },
      'UNSUPPORTED',
      'v1alpha1',
    ],
    ['no version', { command: 'x' }, 'UNSUPPORTED', 'apiVersion ""'],
    ['no command', { apiVersion: V1 }, 'INPUT_INVALID', 'no command'],
    [
      'a person that it asks',
      { apiVersion: V1, command: 'x', interactiveMode: 'Always' },
      'UNSUPPORTED',
      'asks a person',
    ],
  ])('is refused with %s', (_, exec, code, message) => {
    expect(() => open({ user: { exec } })).toThrow(refusal(code, message));
  });
});

describe('without a kubeconfig', () => {
  const none = { given: { kind: 'none' }, context: '', expected: null } as const;
  const folderOfPod = '/var/run/secrets/kubernetes.io/serviceaccount';

  test('the service account of the pod is used, with a token that is read again', async () => {
    const io = fakeIo({ env: { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' } });
    io.stored.set(`${folderOfPod}/token`, 'one').set(`${folderOfPod}/namespace`, 'runners\n');
    io.stored.set(`${folderOfPod}/ca.crt`, authority.certificatePem);
    const access = openKubeconfig(none, io);
    expect([access.namespace, access.server.href]).toEqual(['runners', 'https://[fd00::1]/']);
    expect(await access.credentials(null)).toEqual({
      headers: { authorization: 'Bearer one' },
      connection: { ca: authority.certificatePem },
    });
    io.stored.set(`${folderOfPod}/token`, 'two');
    await io.clock.sleep(61_000);
    expect((await access.credentials(null)).headers).toEqual({ authorization: 'Bearer two' });
  });

  test('a pod is refused where an address is expected, as that of its API server is the same in other clusters', () => {
    const io = fakeIo({ env: { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' } });
    io.stored.set(`${folderOfPod}/token`, 'one').set(`${folderOfPod}/ca.crt`, authority.certificatePem);
    expect(() => openKubeconfig({ ...none, expected: new URL('https://10.0.0.1') }, io)).toThrow(
      refusal('UNSUPPORTED', 'could not check `expected-account`: the runner is a pod'),
    );
  });

  test('and without a pod it is refused, never http://localhost:8080', () => {
    expect(() => openKubeconfig(none, fakeIo({ env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' } }))).toThrow(
      refusal('AUTH_FAILED', 'there is no kubeconfig'),
    );
  });
});
