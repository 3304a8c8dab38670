import { describe, expect, test } from '@jest/globals';
import {
  listConfigurationDifferences,
  listDifferences,
} from '../../../../../src/clouds/google/cloud-run/template-differences.ts';

const secret = { name: 'S', valueSource: { secretKeyRef: { secret: 's' } } };
const web = { name: 'web', image: 'web:v1', env: [{ name: 'A', value: 'secret-1' }, secret] };
const template = { containers: [web], timeout: '300s', serviceAccount: 'runtime@p' };

describe('the differences of two templates', () => {
  test('name what changed, and show no value but an image’s name', () => {
    const env = [
      { name: 'A', value: 'secret-2' },
      { name: 'B', value: 'x' },
    ];
    const after = {
      containers: [
        { ...web, image: 'web:v2', env, resources: { limits: { cpu: '2' } } },
        { name: 'proxy', image: 'p' },
      ],
      timeout: '300s',
      serviceAccount: 'staging@p',
      scaling: { minInstanceCount: 1 },
    };
    expect(listDifferences(template, after)).toEqual([
      'container web: image web:v1 -> web:v2',
      'container web: environment variable A changed',
      'container web: environment variable B added',
      'container web: secret S removed',
      'container web: resources changed',
      'container proxy added',
      'scaling changed',
      'serviceAccount changed',
    ]);
  });

  test('of the configuration leave out the images, and who made the template', () => {
    const annotations = { 'client.knative.dev/user-image': 'web:v2', 'run.googleapis.com/client-name': 'gcloud' };
    const made = { revision: 'agent-two', client: 'gcloud', clientVersion: '500', labels: { sha: '1' }, annotations };
    const after = { ...template, ...made, volumes: [], containers: [{ ...web, image: 'web:v2' }] };
    expect(listConfigurationDifferences(template, after)).toEqual([]);
  });

  test('of the configuration have a container that only one of them has', () => {
    const both = { ...template, containers: [web, { name: 'proxy', image: 'p' }] };
    expect(listConfigurationDifferences(both, template)).toEqual(['container proxy removed']);
    expect(listConfigurationDifferences(template, both)).toEqual(['container proxy added']);
  });

  test('pair containers by name, whatever their order', () => {
    const proxy = { name: 'proxy', image: 'p' };
    expect(listDifferences({ containers: [web, proxy] }, { containers: [proxy, web] })).toEqual([]);
  });
});
