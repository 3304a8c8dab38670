import { describe, expect, test } from '@jest/globals';
import type { ClusterLogin } from '../../../../src/clouds/cluster-login.ts';
import { clusterLoginInputs, readClusterLogin } from '../../../../src/clouds/kubernetes/inputs.ts';
import { openSharedLogins } from '../../../../src/clouds/target.ts';
import { readStepInputs } from '../../../../src/inputs/step-inputs.ts';
import { describeError } from '../../../../src/model/errors.ts';
import { fakeIo } from '../../../fixtures/fake-io.ts';
import { kubeconfig } from './kubeconfigs.ts';

function login(name: string): ClusterLogin {
  return {
    inputs: [name, 'region'],
    parse(reader) {
      const cluster = reader.text(name);
      if (cluster === 'bad') reader.problem(name, { given: '"bad"', expected: 'a good name' });
      return async () => ({
        cluster: `cluster ${cluster}`,
        server: new URL('https://cloud.example'),
        namespace: null,
        credentials: async () => ({ headers: {}, connection: {} }),
      });
    },
  };
}

const one = login('one-cluster');
const LOGINS = [{ ...one, inputs: [...one.inputs, 'expected-account'] as const }, login('two-cluster')];

function read(given: Readonly<Record<string, string>>) {
  const env = Object.fromEntries(Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]));
  const inputs = readStepInputs(env);
  const open = readClusterLogin(inputs, LOGINS);
  let problems = '';
  try {
    inputs.ensureNoProblems();
  } catch (error) {
    problems = describeError(error).message;
  }
  return { open, problems, inputs };
}

async function open(given: Readonly<Record<string, string>>, env: Record<string, string> = {}) {
  const { open: openApi, problems } = read(given);
  expect(problems).toBe('');
  const io = fakeIo({ env });
  return { api: await openApi({ io, signal: io.signal, logins: openSharedLogins() }), io };
}

describe('the login inputs', () => {
  test('are those of a kubeconfig and of the clouds, each once', () => {
    expect(clusterLoginInputs(LOGINS)).toEqual([
      ...['kubeconfig', 'context', 'expected-account', 'one-cluster', 'region', 'two-cluster'],
    ]);
  });

  test('lead to a cloud’s cluster', async () => {
    const { api } = await open({ 'two-cluster': 'shop' });
    expect(api).toMatchObject({ cluster: 'cluster shop', defaultNamespace: 'default' });
  });

  test.each([
    ['YAML', (text: string) => text],
    ['base64', (text: string) => Buffer.from(text).toString('base64')],
  ])('lead to the cluster of a kubeconfig as %s', async (_, encode) => {
    const text = kubeconfig({ contexts: ['main', 'other'], namespace: 'shop' });
    const { api, io } = await open({ kubeconfig: encode(text), context: 'other' });
    expect(api).toMatchObject({ cluster: 'cluster main (https://10.0.0.1:6443)', defaultNamespace: 'shop' });
    expect(io.printed).toEqual([
      'Kubernetes: context other of the input kubeconfig, cluster main (https://10.0.0.1:6443)',
    ]);
  });

  test('lead to the cluster that kubectl would use, where none is set', async () => {
    const { open: openApi } = read({ context: 'main' });
    const io = fakeIo({ env: { KUBECONFIG: '/kube/config' } });
    io.stored.set('/kube/config', kubeconfig({}));
    const api = await openApi({ io, signal: io.signal, logins: openSharedLogins() });
    expect(api.cluster).toBe('cluster main (https://10.0.0.1:6443)');
  });
});

describe('a wrong login input', () => {
  const text = kubeconfig({ contexts: ['prod', 'test'] });

  test.each([
    [
      'two logins',
      { 'one-cluster': 'a', 'two-cluster': 'b' },
      'two-cluster: got a value; expected one way to the cluster, and one-cluster is set as well. Remove one of them.',
    ],
    [
      'a login and a kubeconfig',
      { 'one-cluster': 'a', kubeconfig: text, context: 'prod' },
      'one-cluster: got a value; expected one way to the cluster, and kubeconfig is set as well. Remove one of them.',
    ],
    [
      'a login and a context',
      { 'one-cluster': 'a', context: 'prod' },
      'context: got a value; expected nothing beside one-cluster, as it is the context of a kubeconfig. Remove it.',
    ],
    [
      'an account beside a kubeconfig',
      { kubeconfig: text, context: 'prod', 'expected-account': '123456789012' },
      'expected-account: got "123456789012"; expected beside a kubeconfig, the address of the API server, such as https://10.0.0.1:6443. Take it from `kubectl config view --minify --output \'jsonpath={.clusters[0].cluster.server}\'`.',
    ],
    [
      'a context that is not there',
      { kubeconfig: text, context: 'pord' },
      'context: got "pord"; expected a context of it. Could not choose a cluster of the input kubeconfig: it has no context "pord". Set the input `context`. Available contexts: prod, test.',
    ],
    [
      'no context',
      { kubeconfig: text },
      'kubeconfig: got something else; expected a kubeconfig. Could not choose a cluster of the input kubeconfig: it has no context "main". Set the input `context`. Available contexts: prod, test.',
    ],
    [
      'what is no kubeconfig',
      { kubeconfig: 'hunter2:\n  - hunter2' },
      'kubeconfig: got something else; expected a kubeconfig. Could not read the input kubeconfig: it is no kubeconfig. Write it as `kubectl config view --raw --minify --flatten` prints it.',
    ],
    [
      'base64 of something else',
      { kubeconfig: Buffer.from('hunter2 '.repeat(30)).toString('base64') },
      'kubeconfig: got base64 of something else; expected the YAML of a kubeconfig, base64 of it, or the path of a file. Encode it by `base64 -w0 kubeconfig`, or store the YAML itself in the secret.',
    ],
  ])('is named: %s', (_, given, problem) => {
    const { problems } = read(given as Record<string, string>);
    expect(problems).toBe(`could not use the inputs of this step: 1 invalid input:\n  - ${problem}`);
    expect(problems).not.toContain('hunter2');
  });

  test('is named with every other: YAML that is none, and a cloud’s own', () => {
    const { problems } = read({ kubeconfig: 'clusters: [\n  hunter2', 'one-cluster': 'bad' });
    expect(problems).toMatch(/2 invalid inputs:/);
    expect(problems).toMatch(/one-cluster: got a value/);
    expect(problems).toMatch(/kubeconfig: .* Could not read the input kubeconfig: line 2, column \d+/);
    expect(read({ 'one-cluster': 'bad', context: 'x' }).problems).toMatch(/context: .*\n.*one-cluster: got "bad"/);
  });
});
