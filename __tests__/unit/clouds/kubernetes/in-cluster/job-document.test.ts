import { describe, expect, test } from '@jest/globals';
import { jobName, jobOf, secretOf } from '../../../../../src/clouds/kubernetes/in-cluster/job-document.ts';
import { holderOfJob } from '../../../../../src/clouds/kubernetes/in-cluster/job-of-run.ts';
import type { Program } from '../../../../../src/model/inside.ts';
import { type JsonObject, listAt, objectAt } from '../../../../../src/model/json.ts';

const program: Program = {
  ...{ test: { name: 'GET /' }, image: null, command: ['sh', '-e', '/deploy-agent/script'] },
  files: { script: Buffer.from('echo secret-of-the-script') },
};
const plan = {
  name: 'web-smoke-test',
  secret: 'web-smoke-test-1',
  runKey: 'ab',
  deadlineSeconds: 90,
  choosesUser: false,
};

function workload(template: JsonObject = {}, metadata: JsonObject = {}): JsonObject {
  const spec = {
    containers: [
      { name: 'sidecar', image: 'mesh:1' },
      { name: 'web', image: 'web:2' },
    ],
    ...template,
  };
  return {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop', uid: 'u' } },
    spec: { template: { metadata, spec } },
  };
}

const podOf = (job: JsonObject) => objectAt(job, 'spec', 'template', 'spec');

describe('the Job of a smoke test', () => {
  test('holds nothing of what was written: that is in a Secret which belongs to it', () => {
    const job = jobOf(workload(), program, plan);
    expect(JSON.stringify(job)).not.toContain('secret-of');
    const secret = secretOf(
      { ...job, metadata: { ...objectAt(job, 'metadata'), uid: 'job-uid' } },
      program,
      plan.secret,
    );
    expect(secret).toMatchObject({
      metadata: { name: plan.secret, ownerReferences: [{ kind: 'Job', name: plan.name, uid: 'job-uid' }] },
      data: { script: Buffer.from('echo secret-of-the-script').toString('base64') },
    });
    expect(podOf(job)['volumes']).toMatchObject([{ secret: { secretName: plan.secret } }]);
  });

  test.each<readonly [string, JsonObject, number]>([
    ['nobody', {}, 65_534],
    ['nobody instead of root', { securityContext: { runAsUser: 0 } }, 65_534],
    ['the user of the pods', { securityContext: { runAsUser: 1_001 } }, 1_001],
    [
      'the user of the main container',
      { securityContext: { runAsUser: 1_001 }, containers: [{ name: 'web', securityContext: { runAsUser: 1_002 } }] },
      1_002,
    ],
  ])('runs as %s', (_who, template, user) => {
    const context = podOf(jobOf(workload(template), program, plan))['securityContext'];
    expect(context).toMatchObject({ runAsNonRoot: true, runAsUser: user });
  });

  test('names no user where the cluster chooses one', () => {
    const template = { securityContext: { runAsUser: 1_001, runAsGroup: 7 } };
    const pod = podOf(jobOf(workload(template), program, { ...plan, choosesUser: true }));
    expect(pod['securityContext']).toEqual({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  });

  test('runs in the image of the main container where none is named', () => {
    const annotations = { 'kubectl.kubernetes.io/default-container': 'web' };
    const images = [{}, { annotations }].map((metadata) =>
      listAt(podOf(jobOf(workload({}, metadata), program, plan)), 'containers').map(({ image }) => image),
    );
    expect(images).toEqual([['mesh:1'], ['web:2']]);
  });

  test('has a name that fits into a label, and is the workload’s alone', () => {
    const [one, other] = ['a', 'b'].map((end) => jobName({ name: `${'x'.repeat(200)}${end}` }));
    expect(one).toHaveLength(63);
    expect(one).not.toBe(other);
    expect(jobName({ name: 'web' })).toBe('web-smoke-test');
  });
});

describe('whose Job it is', () => {
  const job = (metadata: JsonObject, status: JsonObject = {}): JsonObject => ({
    metadata: { labels: { 'deploy-agent.dev/smoke-test-of': 'web' }, ...metadata },
    status,
  });
  const ended = { conditions: [{ type: 'Failed', status: 'True' }] };
  const other = { annotations: { 'deploy-agent.dev/run': 'other' } };
  test.each<readonly [string, JsonObject | null]>([
    ['none', null],
    ['another user', job({ labels: {} }, ended)],
    ['ours', job({ annotations: { 'deploy-agent.dev/run': 'key' } })],
    ['over', job(other, ended)],
    ['another run', job(other)],
    ['another run', job(other, { conditions: [{ type: 'Complete', status: 'False' }] })],
  ])('%s', (holder, found) => {
    expect(holderOfJob(found, 'key')).toBe(holder);
  });
});
