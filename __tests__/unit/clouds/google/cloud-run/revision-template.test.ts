import { describe, expect, test } from '@jest/globals';
import { templateOfRevision } from '../../../../../src/clouds/google/cloud-run/revision-template.ts';
import type { JsonObject } from '../../../../../src/model/json.ts';

const own = { name: 'projects/p/…', uid: 'u', createTime: 't', conditions: [], etag: 'e', logUri: 'x' };
const sidecar = { name: 'proxy', image: 'proxy:v1' };

/** What the newest revision's template says, and what its revision shows of it: an image resolved, defaults filled in. */
const template = {
  revision: 'agent-two',
  future: 'kept',
  containers: [
    {
      name: 'web',
      image: 'web:v2',
      env: [
        { name: 'A', value: '2' },
        { name: 'B', future: 1 },
      ],
    },
    sidecar,
  ],
};
const document = {
  ...own,
  timeout: '300s',
  scaling: { maxInstanceCount: 100 },
  containers: [
    {
      name: 'web',
      image: 'web@sha256:2',
      env: [{ name: 'A', value: '2' }, { name: 'B' }],
      resources: { cpuIdle: true },
    },
    { name: 'proxy', image: 'proxy@sha256:1' },
  ],
};
const known = { template, document };
const web = document.containers[0]!;
const { revision: _, ...content } = template;

describe('the template of a revision, in the words of another one’s', () => {
  test('is that other one’s, without the name, where both show the same', () => {
    expect(templateOfRevision({ ...document, ...own, uid: 'other' }, known)).toEqual(content);
  });

  test('differs only where the two revisions do', () => {
    const older = {
      ...document,
      serviceAccount: 'old@p',
      containers: [
        { ...web, image: 'web@sha256:1', env: [{ name: 'A', value: '1' }, web.env![1]] },
        document.containers[1],
      ],
    };
    expect(templateOfRevision(older, known)).toEqual({
      ...content,
      serviceAccount: 'old@p',
      containers: [
        {
          name: 'web',
          image: 'web@sha256:1',
          env: [
            { name: 'A', value: '1' },
            { name: 'B', future: 1 },
          ],
        },
        sidecar,
      ],
    });
  });

  test('lacks what only the newest revision has: a member, a variable, a container', () => {
    const newest = {
      template: { ...template, serviceAccount: 'new@p' },
      document: { ...document, serviceAccount: 'new@p' },
    };
    const older = { ...document, containers: [{ ...web, env: [web.env![0]] }] };
    expect(templateOfRevision(older, newest)).toEqual({
      ...content,
      containers: [{ ...template.containers[0], env: [{ name: 'A', value: '2' }] }],
    });
  });

  test('has a nested member that differs, and not the defaults beside it', () => {
    const older = { ...document, scaling: { maxInstanceCount: 100, minInstanceCount: 1 } };
    expect(templateOfRevision(older, known)).toEqual({ ...content, scaling: { minInstanceCount: 1 } });
  });

  test('lists without names are compared by place, or are the revision’s own where they have another length', () => {
    const listing = (one: string[], other: string[]): unknown =>
      templateOfRevision(
        { ...document, containers: [{ ...web, args: one }] },
        {
          template: { containers: [{ ...template.containers[0], args: other }] },
          document: { ...document, containers: [{ ...web, args: other }] },
        },
      )['containers'];
    expect(listing(['a', 'b'], ['a', 'c'])).toMatchObject([{ args: ['a', 'b'] }]);
    expect(listing(['a'], ['a', 'c'])).toMatchObject([{ args: ['a'] }]);
  });

  test('has no label that each revision shows of its service', () => {
    const labelled = (labels: JsonObject): JsonObject => ({ ...document, labels });
    const newest = {
      template: { ...template, labels: { tier: 'web' } },
      document: labelled({ tier: 'web', sha: '2' }),
    };
    expect(templateOfRevision(labelled({ tier: 'old', sha: '1', team: 'a' }), newest)).toEqual({
      ...content,
      labels: { tier: 'old', team: 'a' },
    });
  });

  test('is what it shows itself, without its own members, where the newest can’t be read', () => {
    const { timeout, scaling, containers } = document;
    expect(templateOfRevision(document, { template, document: null })).toEqual({ timeout, scaling, containers });
  });
});
