import { describe, expect, test } from '@jest/globals';
import {
  chooseContext,
  type Kubeconfig,
  mergeKubeconfigs,
  parseKubeconfig,
} from '../../../../src/clouds/kubernetes/kubeconfig.ts';
import { findKubeconfig, readGivenKubeconfig } from '../../../../src/clouds/kubernetes/kubeconfig-sources.ts';
import { fakeIo } from '../../../fixtures/fake-io.ts';
import { fc } from '../../../fixtures/fast-check.ts';
import { kubeconfig } from './kubeconfigs.ts';

const origin = { what: '/home/ci/config', folder: '/home/ci' };

function parse(text: string): Kubeconfig {
  return parseKubeconfig(text, origin);
}

describe('a kubeconfig', () => {
  test('has what its current context names', () => {
    const chosen = chooseContext(parse(kubeconfig({ namespace: 'shop' })), '');
    expect(chosen).toMatchObject({ name: 'main', namespace: 'shop', cluster: { name: 'main', folder: '/home/ci' } });
    expect(chosen.cluster.fields['server']).toBe('https://10.0.0.1:6443');
    expect(chosen.user?.fields['token']).toBe('hunter2-token');
  });

  test('may have names that look like numbers', () => {
    const text =
      'current-context: 1\ncontexts: [{ name: 1, context: { cluster: 2, user: 3, namespace: 4 } }]\n' +
      'clusters: [{ name: 2, cluster: { server: https://a } }]\nusers: [{ name: 3, user: { token: a } }]';
    expect(chooseContext(parse(text), '')).toMatchObject({ name: '1', namespace: '4', user: { name: '3' } });
  });

  test('with one context needs no current one', () => {
    expect(chooseContext(parse(kubeconfig({ current: '' })), '').name).toBe('main');
  });

  test.each([
    ['a context that is not there', kubeconfig({}), 'mian', /it has no context "mian".*/, 'Available contexts: main.'],
    [
      'no current context and several to choose from',
      kubeconfig({ current: '', contexts: ['prod', 'test'] }),
      '',
      'it has no current context',
      'Available contexts: prod, test.',
    ],
    ['no context at all', 'clusters: []', '', 'it has no contexts', 'kubectl config view'],
    ['a cluster that is missing', 'contexts: [{ name: a, context: { cluster: b } }]', 'a', 'names a cluster that', ''],
    [
      'a user that is missing',
      'contexts: [{ name: a, context: { cluster: b, user: c } }]\nclusters: [{ name: b, cluster: {} }]',
      'a',
      'names a user that is not in it',
      '',
    ],
  ])('is refused with %s', (_, text, wanted, message, hint) => {
    expect(() => chooseContext(parse(text), wanted)).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(message),
        hint: expect.stringContaining(hint),
      }),
    );
  });

  test.each([['a: b'], ['just text'], ['[1, 2]'], ['']])('is no %s', (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  });

  test('is never quoted by the error about it', () => {
    for (const text of ['users: [{ name: a, user: { token: hunter2 }', 'token: hunter2', '- hunter2']) {
      expect(() => parse(text)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') }));
    }
  });
});

describe('a list of kubeconfigs', () => {
  test('merges by name, and the first counts', () => {
    const one = parse('clusters: [{ name: a, cluster: { server: https://one } }]');
    const two = parseKubeconfig(
      'current-context: x\ncontexts: [{ name: x, context: { cluster: a } }]\n' +
        'clusters: [{ name: a, cluster: { server: https://two } }, { name: b, cluster: { server: https://b } }]',
      { what: 'two', folder: '/two' },
    );
    const merged = mergeKubeconfigs([one, two]);
    expect(merged.clusters.get('a')!.fields['server']).toBe('https://one');
    expect(merged.clusters.get('b')).toMatchObject({ folder: '/two', what: 'two' });
    expect(chooseContext(merged, '')).toMatchObject({ name: 'x', user: null, namespace: null });
  });

  test('has all names of all, each from the first that has it', () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }).filter((name) => !/[{}[\]]/.test(name)));
    fc.assert(
      fc.property(fc.array(names, { maxLength: 4 }), (files) => {
        const configs = files.map((clusters, index) => {
          const entries = clusters.map((name) => ({ name, cluster: { server: `https://${index}` } }));
          return parse(JSON.stringify({ clusters: entries }));
        });
        const { clusters } = mergeKubeconfigs(configs);
        expect(new Set(clusters.keys())).toEqual(new Set(files.flat()));
        for (const [name, { fields }] of clusters) {
          const first = files.findIndex((file) => file.includes(name));
          expect(fields['server']).toBe(`https://${first}`);
        }
      }),
    );
  });
});

describe('the input', () => {
  const text = kubeconfig({});

  test.each([
    ['nothing', '', { kind: 'none' }],
    ['YAML', text, { kind: 'text', text }],
    ['JSON', '{"clusters": []}', { kind: 'text', text: '{"clusters": []}' }],
    ['base64', Buffer.from(text).toString('base64'), { kind: 'text', text }],
    ['base64 in lines', Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\n'), { kind: 'text', text }],
    ['a path', 'deploy/kubeconfig', { kind: 'file', path: 'deploy/kubeconfig' }],
    ['a long path', `${'a/'.repeat(70)}b.yml`, { kind: 'file', path: `${'a/'.repeat(70)}b.yml` }],
    ['a path of Windows', 'C:\\Users\\ci\\config', { kind: 'file', path: 'C:\\Users\\ci\\config' }],
    ['base64 of something else', Buffer.from('hello world '.repeat(20)).toString('base64'), null],
  ])('may be %s', (_, given, expected) => {
    expect(readGivenKubeconfig(given)).toEqual(expected);
  });

  test('is read whole, whatever is in it, from base64', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 40, unit: 'binary' }), (tail) => {
        const yaml = `apiVersion: v1\n# ${'x'.repeat(60)}${tail.toWellFormed()}`;
        expect(readGivenKubeconfig(Buffer.from(yaml).toString('base64'))).toEqual({ kind: 'text', text: yaml });
      }),
    );
  });
});

describe('without the input', () => {
  const none = { kind: 'none' } as const;

  test('the files of KUBECONFIG are merged, and those that are missing are left out', () => {
    const io = fakeIo({ env: { KUBECONFIG: '/a:/missing:/b', HOME: '/home/ci' } });
    io.stored.set('/a', kubeconfig({ server: 'https://a' }));
    io.stored.set('/b', kubeconfig({ server: 'https://b' }));
    io.stored.set('/home/ci/.kube/config', kubeconfig({ server: 'https://home' }));
    const found = findKubeconfig(none, io)!;
    expect(found.what).toBe('/a, /b');
    expect(found.clusters.get('main')!.fields['server']).toBe('https://a');
  });

  test('a KUBECONFIG of which nothing is there is refused', () => {
    const io = fakeIo({ env: { KUBECONFIG: '/missing', HOME: '/home/ci' } });
    io.stored.set('/home/ci/.kube/config', kubeconfig({}));
    expect(() => findKubeconfig(none, io)).toThrow(/there is no file \/missing \(KUBECONFIG\)/);
  });

  test('the one in the home folder is taken, or none', () => {
    const io = fakeIo({ env: { HOME: '/home/ci' } });
    expect(findKubeconfig(none, io)).toBeNull();
    io.stored.set('/home/ci/.kube/config', kubeconfig({}));
    expect(findKubeconfig(none, io)!.clusters.get('main')!.folder).toBe('/home/ci/.kube');
  });
});

describe('a file that the input names', () => {
  test.each([
    ['deploy/kubeconfig', '/work/deploy'],
    ['/tmp/kubeconfig', '/tmp'],
    ['~/other', '/home/ci'],
  ])('%s is read', (given, folder) => {
    const io = fakeIo({ env: { HOME: '/home/ci', GITHUB_WORKSPACE: '/work' } });
    for (const file of ['deploy/kubeconfig', '/tmp/kubeconfig', '/home/ci/other']) io.stored.set(file, kubeconfig({}));
    expect(findKubeconfig({ kind: 'file', path: given }, io)!.clusters.get('main')!.folder).toBe(folder);
  });

  test('that is missing is refused, with the three forms', () => {
    expect(() => findKubeconfig({ kind: 'file', path: 'kubeconfg' }, fakeIo())).toThrow(
      expect.objectContaining({ message: expect.stringContaining('there is no file kubeconfg') }),
    );
  });
});
