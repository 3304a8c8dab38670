import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseRequirements } from '../../../src/inputs/verify.ts';
import { parseInputs } from '../../../src/inputs.ts';
import { memoryFiles } from '../../fixtures/fake-io.ts';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const ROOT = { mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1', tlogs: [] };
const files = memoryFiles(
  new Map([
    ['cosign.pub', pem],
    ['cosign.key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['bundle.json', '{}'],
    ['root.json', JSON.stringify(ROOT, null, 2)],
    ['roots.jsonl', `${JSON.stringify(ROOT)}\n${JSON.stringify(ROOT)}\n`],
  ]),
);
const parse = (text: string) => parseRequirements(text, files);

function problemsOf(text: string): string {
  try {
    return `accepted: ${JSON.stringify(parse(text))}`;
  } catch (error) {
    return (error as Error).message;
  }
}

const least = { INPUT_TARGET: 'ecs', INPUT_IMAGE: 'ghcr.io/acme/agent:v1', INPUT_SERVICE: 'agent' };
const parseStep = (env: Record<string, string>) => parseInputs({ env: { ...least, ...env }, files });

describe('the input verify', () => {
  test('has safe defaults', () => {
    expect(parse('- attestation: { repository: acme/agent }')).toEqual([
      {
        kind: 'attestation',
        label: 'verify[0]',
        repository: 'https://github.com/acme/agent',
        signerWorkflow: null,
        ref: null,
        commit: null,
        issuer: 'https://token.actions.githubusercontent.com',
        predicateType: 'https://slsa.dev/provenance/v1',
        allowsSelfHosted: false,
        images: null,
        bundle: null,
      },
    ]);
    expect(parse('- signature: { key: cosign.pub }')).toMatchObject([{ kind: 'key', key: pem, needsLog: true }]);
  });

  test('takes a key in the YAML itself', () => {
    const text = `- signature:\n    key: |\n${pem.replace(/^/gm, '      ')}`;
    expect(parse(text)).toMatchObject([{ kind: 'key', key: pem.trimEnd().concat('\n') }]);
  });

  test('is not asked for', () => {
    expect(parseStep({})).toMatchObject({ verify: [], trustedRoots: null });
  });

  test.each([
    ['nothing', '# nothing', 'expected a list with at least one requirement'],
    ['an empty list', '[]', 'expected a list with at least one requirement'],
    ['a map', 'attestation: { repository: acme/agent }', 'expected a list with at least one requirement'],
    ['only exemptions', '- unverified: docker.io/library/**', 'nothing would be verified'],
    ['more than 20', '- unverified: docker.io/library/a\n'.repeat(21), 'expected at most 20 requirements, got 21'],
    ['a word', '- attestation', 'verify[0]: expected `attestation:`, `signature:` or `unverified:`'],
    [
      'a typo in the kind',
      '- atestation: { repository: acme/agent }',
      'unknown key "atestation": did you mean "attestation"?',
    ],
    ['options beside the kind', '- attestation:\n  repository: acme/agent', 'indent the options by two more spaces'],
    [
      'a typo in an option',
      '- attestation: { repositry: acme/agent }',
      'unknown key "repositry": did you mean "repository"?',
    ],
    ['no repository', '- attestation: {}', 'repository: expected text'],
    ['no options', '- attestation:', 'expected a map of options, such as { repository: acme/agent }'],
    ['a pattern of repositories', '- attestation: { repository: acme/* }', 'repository: expected owner/name'],
    [
      'a URL of plain http',
      '- attestation: { repository: "http://github.com/acme/agent" }',
      'repository: expected owner/name',
    ],
    ['a branch for a ref', '- attestation: { repository: acme/agent, ref: main }', 'ref: expected a full ref'],
    ['a short commit', '- attestation: { repository: acme/agent, commit: abc1234 }', 'commit: expected the full hash'],
    [
      'a workflow by its name',
      '- attestation: { repository: acme/agent, signer-workflow: build.yml }',
      'signer-workflow: expected owner/name/.github/workflows/file.yml',
    ],
    ['a number for text', '- attestation: { repository: acme/agent, ref: 1 }', 'ref: expected text'],
    [
      'a text for true',
      '- attestation: { repository: acme/agent, self-hosted-runners: "yes" }',
      'self-hosted-runners: expected true or false',
    ],
    [
      'a missing bundle',
      '- attestation: { repository: acme/agent, bundle: gone.json }',
      'bundle: there is no file gone.json',
    ],
    ['an identity without issuer', '- signature: { identity: ann@acme.example }', 'issuer: expected text'],
    [
      'whoever signs',
      '- signature: { identity: "**", issuer: "https://**" }',
      'identity: expected a text with at least 8 characters beside `*`',
    ],
    [
      'a key and an identity',
      '- signature: { key: cosign.pub, identity: ann@acme.example }',
      'expected either key, or identity and issuer',
    ],
    ['a missing key', '- signature: { key: gone.pub }', 'key: there is no file gone.pub'],
    ['a private key', '- signature: { key: cosign.key }', 'key: expected a public key in PEM'],
    ['a text for a key', '- signature: { key: bundle.json }', 'key: expected a public key in PEM'],
    ['a key of a KMS', '- signature: { key: awskms:///alias/cosign }', 'key: keys of a KMS are not read'],
    ['an exemption of all', '- unverified: "**"', 'expected the images that need no signature'],
  ])('that is %s is refused', (_, text, says) => {
    expect(problemsOf(text)).toContain(says);
  });

  test('that is wrong in several ways is refused with all of them', () => {
    const said = problemsOf('- attestation: { repositry: acme/agent, ref: main }\n- signature: { key: gone.pub }');
    for (const part of ['verify[0]: repository:', 'verify[0]: ref:', 'verify[0]: unknown key', 'verify[1]: key:']) {
      expect(said).toContain(part);
    }
  });
});

test('every example of docs/verify.md is accepted', () => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../../../docs/verify.md'), 'utf8');
  const examples = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].flatMap(([, block]) => {
    const [, indent = '', yaml] = /^( *)verify: \|-\n([\s\S]*)/m.exec(block!) ?? [];
    return yaml === undefined
      ? []
      : [yaml.replaceAll(`\n${indent}`, '\n').replace(/\$\{\{ github\.sha }}/, 'a'.repeat(40))];
  });
  expect(examples.length).toBeGreaterThan(4);
  const all = { sizeOfInput: () => pem.length, readInput: () => Buffer.from(pem) };
  for (const example of examples) expect(parseRequirements(example, all).length).toBeGreaterThan(0);
});

describe('the input trusted-root', () => {
  const verify = { INPUT_VERIFY: '- attestation: { repository: acme/agent }' };
  test.each([
    ['root.json', 1],
    ['roots.jsonl', 2],
  ])('is read from %s', (file, count) => {
    expect(parseStep({ ...verify, 'INPUT_TRUSTED-ROOT': file }).trustedRoots).toHaveLength(count);
  });

  test.each([
    ['a file that is not there', { ...verify, 'INPUT_TRUSTED-ROOT': 'gone.json' }, 'there is no file gone.json'],
    [
      'another document',
      { ...verify, 'INPUT_TRUSTED-ROOT': 'bundle.json' },
      'bundle.json is not a Sigstore trusted root',
    ],
    ['no JSON', { ...verify, 'INPUT_TRUSTED-ROOT': 'cosign.pub' }, 'cosign.pub is not a Sigstore trusted root'],
    ['no verify', { 'INPUT_TRUSTED-ROOT': 'root.json' }, 'expected nothing while there is no verify'],
  ])('with %s is refused', (_, env, says) => {
    expect(() => parseStep(env)).toThrow(says);
  });
});
