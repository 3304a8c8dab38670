import { expect, test } from '@jest/globals';
import type { Arbitrary } from 'fast-check';
import { openKubeconfig } from '../../../../src/clouds/kubernetes/kubeconfig-access.ts';
import { readGivenKubeconfig } from '../../../../src/clouds/kubernetes/kubeconfig-sources.ts';
import type { Exec } from '../../../../src/io/exec.ts';
import { DeployError } from '../../../../src/model/errors.ts';
import { type FakeIo, fakeIo } from '../../../fixtures/fake-io.ts';
import { fc } from '../../../fixtures/fast-check.ts';

const SECRET = 'hunter2hunter2';

const WRONG = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(null, '', 0, true, [], {}, '\n', ['a'], { a: ['b'] }),
);

/** What a member could be by mistake; most of the time what it should be. Names and commands are printed. */
function member(right: Arbitrary<unknown>): Arbitrary<unknown> {
  return fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: WRONG });
}

/** The same for what is never printed. */
function secret(right: Arbitrary<unknown> = fc.constant(SECRET)): Arbitrary<unknown> {
  const wrong = fc.constantFrom<unknown>(SECRET, `\n${SECRET}`, [SECRET], { [SECRET]: [SECRET] });
  return fc.oneof({ weight: 9, arbitrary: member(right) }, { weight: 1, arbitrary: wrong });
}

const mostly = (usual: unknown, ...rare: readonly unknown[]): Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...rare) });

const optional = (members: Readonly<Record<string, Arbitrary<unknown>>>): Arbitrary<unknown> =>
  fc.record(members, { requiredKeys: [] });

const BASE64 = mostly('', 'aGVsbG8=', '%');

const exec = optional({
  apiVersion: member(fc.constant('client.authentication.k8s.io/v1')),
  command: member(fc.constant('login-not-there')),
  args: secret(),
  env: secret(fc.constant([{ name: 'A', value: SECRET }])),
  interactiveMode: member(mostly('Never', 'Always')),
  provideClusterInfo: member(fc.boolean()),
});
const user = optional({
  token: secret(),
  tokenFile: member(fc.constant('/token')),
  username: secret(),
  password: secret(),
  'client-certificate-data': secret(BASE64),
  'client-key-data': secret(BASE64),
  as: member(fc.constant('bob')),
  'as-groups': member(fc.constant(['dev'])),
  'as-user-extra': member(fc.constant({ scope: ['a'] })),
  exec: member(exec),
});
const cluster = optional({
  server: member(mostly('https://10.0.0.1:6443', 'http://127.0.0.1:8001', `https://${SECRET}@a`)),
  'certificate-authority-data': secret(BASE64),
  'tls-server-name': member(fc.constant('kubernetes')),
  'proxy-url': member(mostly('http://proxy:3128', `socks5://u:${SECRET}@proxy`)),
  'insecure-skip-tls-verify': member(mostly(false, true)),
  extensions: member(fc.constant([{ name: 'client.authentication.k8s.io/exec', extension: {} }])),
});
const context = fc.constant({ cluster: 'c', user: 'u' });
const kubeconfig = fc.record({
  'current-context': member(fc.constant('a')),
  contexts: member(fc.tuple(fc.record({ name: member(fc.constant('a')), context }))),
  clusters: member(fc.tuple(fc.record({ name: fc.constant('c'), cluster: member(cluster) }))),
  users: member(fc.tuple(fc.record({ name: fc.constant('u'), user: member(user) }))),
});

const runPlugin: Exec['run'] = async (_command, _args, { output }) => {
  const answer = { kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status: { token: SECRET } };
  output?.stdout.write(Buffer.from(JSON.stringify(answer)));
  return { exitCode: 0, stdout: '' };
};

test('a kubeconfig with anything in it works, or is one error that tells no secret', async () => {
  const verdicts = { works: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(kubeconfig, async (document) => {
      const io: FakeIo = { ...fakeIo(), exec: { run: runPlugin } };
      io.stored.set('/token', SECRET);
      try {
        const given = readGivenKubeconfig(JSON.stringify(document));
        const { credentials } = openKubeconfig({ given: given ?? { kind: 'none' }, context: '', expected: null }, io);
        const { headers } = await credentials(null);
        for (const value of Object.values(headers)) expect(value).toMatch(/^[\x20-\x7e]+$/);
        verdicts.works += 1;
      } catch (error) {
        if (!(error instanceof DeployError)) throw error;
        expect(error.hint).not.toBe('');
        expect(`${error.message} ${error.hint} ${io.printed.join(' ')}`).not.toContain(SECRET);
        verdicts.refused += 1;
      }
    }),
    { numRuns: 500 },
  );
  expect(verdicts.works).toBeGreaterThan(50);
  expect(verdicts.refused).toBeGreaterThan(50);
});
