import { describe, expect, test } from '@jest/globals';
import { readExpectedServer } from '../../../../src/clouds/kubernetes/expected-server.ts';
import { openKubeconfig } from '../../../../src/clouds/kubernetes/kubeconfig-access.ts';
import { readStepInputs } from '../../../../src/inputs/step-inputs.ts';
import { fakeIo } from '../../../fixtures/fake-io.ts';
import { kubeconfig } from './kubeconfigs.ts';

function read(expected: string): URL | null {
  const inputs = readStepInputs({ 'INPUT_EXPECTED-ACCOUNT': expected });
  const server = readExpectedServer(inputs);
  inputs.ensureNoProblems();
  return server;
}

describe('the address in `expected-account`', () => {
  const openExpecting = (server: string, expected: string) => {
    const given = { kind: 'text', text: kubeconfig({ server }) } as const;
    return openKubeconfig({ given, context: '', expected: read(expected) }, fakeIo());
  };

  test.each([
    ['https://10.0.0.1:6443', 'https://10.0.0.1:6443'],
    ['https://10.0.0.1:6443', '10.0.0.1:6443'],
    ['https://K8s.Example.com', 'k8s.example.com:443'],
    ['https://[fd00::1]:6443', '[fd00:0::1]:6443'],
    ['https://rancher.example.com/k8s/clusters/c-1', 'https://rancher.example.com/k8s/clusters/c-1/'],
  ])('is that of the kubeconfig: %s, %s', (server, expected) => {
    expect(openExpecting(server, expected).server.href).toBe(new URL(server).href);
  });

  test.each([
    ['https://10.0.0.1:6443', 'https://10.0.0.2:6443'],
    ['https://10.0.0.1:6443', '10.0.0.1'],
    ['https://k8s.example.com', 'example.com'],
    ['https://k8s.example.com', 'k8s.example.com.evil.example'],
    ['http://127.0.0.1:8080', 'https://127.0.0.1:8080'],
    ['https://rancher.example.com/k8s/clusters/c-1', 'https://rancher.example.com/k8s/clusters/c-2'],
    ['https://rancher.example.com/k8s/clusters/c-1', 'https://rancher.example.com'],
  ])('is not that of the kubeconfig, which is refused: %s, %s', (server, expected) => {
    expect(() => openExpecting(server, expected)).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(/^could not start on the cluster at http\S+: the kubeconfig leads to http\S+$/),
      }),
    );
  });

  test.each(['123456789012', 'https://', 'https://ada:pass@10.0.0.1', 'https://10.0.0.1/?a=b', 'two words'])(
    'is no address: %s',
    (given) => {
      expect(() => read(given)).toThrow('expected-account: got ');
    },
  );
});
