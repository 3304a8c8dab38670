import { createPublicKey } from 'node:crypto';
import type * as z from 'zod';
import type { Io } from '../io/io.ts';
import { DeployError } from '../model/errors.ts';
import { isJsonObject } from '../model/json.ts';
import { nearest } from '../model/nearest.ts';
import type { AttestationRequirement, Requirement } from '../model/requirement.ts';
import { textOfFile } from '../model/text-of-file.ts';
import { describeIssue } from './describe-issue.ts';
import {
  type AttestationEntry,
  attestationSchema,
  exemptionSchema,
  identitySchema,
  type KeyEntry,
  KINDS,
  keySchema,
} from './verify-schema.ts';

/** One entry of the list. `requirement` is null when there are problems. */
export interface ReadRequirement {
  readonly requirement: Requirement | null;
  readonly problems: readonly string[];
}

export type VerifyFiles = Pick<Io['files'], 'sizeOfInput' | 'readInput'>;

interface Entry {
  readonly label: string;
  readonly options: unknown;
  readonly files: VerifyFiles;
}

const SHAPE = 'expected `attestation:`, `signature:` or `unverified:` with its options below it';
const MAX_KEY_BYTES = 16_384;
const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com';

/** @param label `verify[0]`, which later messages name it by */
export function readRequirement(entry: unknown, label: string, files: VerifyFiles): ReadRequirement {
  if (!isJsonObject(entry)) return refused(SHAPE);
  const [kind = '', ...others] = Object.keys(entry);
  if (others.length > 0) return refused(`${SHAPE}, one an entry: indent the options by two more spaces`);
  const read = { label, options: entry[kind], files };
  if (kind === 'attestation') return readAttestation(read);
  if (kind === 'signature') return readSignature(read);
  if (kind === 'unverified') return readExemption(read);
  const meant = nearest(kind, KINDS);
  return refused(meant ? `unknown key "${kind.slice(0, 80)}": did you mean "${meant}"?` : SHAPE);
}

function refused(...problems: readonly string[]): ReadRequirement {
  return { requirement: null, problems };
}

function readAttestation({ label, options, files }: Entry): ReadRequirement {
  const parsed = attestationSchema.safeParse(options);
  const problems = findBundleProblems(options, files);
  if (!parsed.success)
    return refused(...describe(parsed.error, attestationSchema, '{ repository: acme/agent }'), ...problems);
  return problems.length > 0 ? refused(...problems) : { requirement: toAttestation(parsed.data, label), problems };
}

function toAttestation(entry: AttestationEntry, label: string): AttestationRequirement {
  const repository = toUrl(entry.repository);
  const workflow = entry['signer-workflow'];
  return {
    kind: 'attestation',
    label,
    repository,
    signerWorkflow: workflow === undefined ? null : toUrl(workflow),
    ref: entry.ref ?? null,
    commit: entry.commit ?? null,
    issuer: entry.issuer ?? GITHUB_ISSUER,
    predicateType: entry['predicate-type'],
    allowsSelfHosted: entry['self-hosted-runners'],
    ...scopeOf(entry),
  };
}

function toUrl(name: string): string {
  return name.startsWith('https://') ? name : `https://github.com/${name}`;
}

function scopeOf(entry: { readonly images?: string | undefined; readonly bundle?: string | undefined }) {
  return { images: entry.images ?? null, bundle: entry.bundle ?? null };
}

function readSignature(entry: Entry): ReadRequirement {
  const given = isJsonObject(entry.options) ? Object.keys(entry.options) : [];
  const byKey = given.includes('key');
  const both = given.filter((name) => name === 'identity' || name === 'issuer');
  if (byKey && both.length > 0)
    return refused(`expected either key, or identity and issuer; it has key and ${both.join(' and ')}`);
  return byKey ? readByKey(entry) : readByIdentity(entry);
}

function readByIdentity({ label, options, files }: Entry): ReadRequirement {
  const parsed = identitySchema.safeParse(options);
  const problems = findBundleProblems(options, files);
  if (!parsed.success)
    return refused(...describe(parsed.error, identitySchema, '{ key: cosign.pub }', ['key']), ...problems);
  if (problems.length > 0) return refused(...problems);
  const { identity, issuer } = parsed.data;
  return { requirement: { kind: 'identity', label, identity, issuer, ...scopeOf(parsed.data) }, problems };
}

function readByKey({ label, options, files }: Entry): ReadRequirement {
  const parsed = keySchema.safeParse(options);
  const problems = findBundleProblems(options, files);
  if (!parsed.success) return refused(...describe(parsed.error, keySchema, '{ key: cosign.pub }'), ...problems);
  const key = readKey(parsed.data, files);
  const all = [...problems, ...('problem' in key ? [key.problem] : [])];
  if (!('pem' in key) || all.length > 0) return refused(...all);
  const needsLog = parsed.data['transparency-log'];
  return { requirement: { kind: 'key', label, key: key.pem, needsLog, ...scopeOf(parsed.data) }, problems };
}

function readKey({ key }: KeyEntry, files: VerifyFiles): { readonly pem: string } | { readonly problem: string } {
  if (/^[a-z0-9]+:\/\//.test(key)) {
    return { problem: 'key: keys of a KMS are not read; save its public key: cosign public-key --key … > cosign.pub' };
  }
  const text = key.includes('-----BEGIN') ? key : tryRead(key, files);
  if (text === null) return { problem: `key: there is no file ${key}; ${CHECK_PATH}` };
  if (!isPublicKey(text)) return { problem: 'key: expected a public key in PEM (-----BEGIN PUBLIC KEY-----)' };
  return { pem: text };
}

const CHECK_PATH = 'check the path, and that actions/checkout is an earlier step of this job';

function tryRead(file: string, files: VerifyFiles): string | null {
  try {
    return textOfFile(files.readInput(file, MAX_KEY_BYTES), file);
  } catch (error) {
    if (error instanceof DeployError) throw error;
    return null;
  }
}

/** Of a private key Node would derive the public one: that such a key is in a repository has to be said. */
function isPublicKey(text: string): boolean {
  if (!/^\s*-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(text)) return false;
  try {
    return createPublicKey(text).type === 'public';
  } catch {
    return false;
  }
}

function readExemption({ label, options }: Entry): ReadRequirement {
  const parsed = exemptionSchema.safeParse(options);
  if (parsed.success) return { requirement: { kind: 'unverified', label, images: parsed.data }, problems: [] };
  return refused('expected the images that need no signature: `- unverified: docker.io/envoyproxy/envoy`');
}

function findBundleProblems(options: unknown, files: VerifyFiles): readonly string[] {
  const file = isJsonObject(options) ? options['bundle'] : undefined;
  if (typeof file !== 'string' || file === '' || files.sizeOfInput(file) !== null) return [];
  return [`bundle: there is no file ${file}; ${CHECK_PATH}`];
}

function describe(
  error: z.ZodError,
  schema: { readonly shape: object },
  example: string,
  more: readonly string[] = [],
): readonly string[] {
  return error.issues.flatMap((issue) => describeIssue(issue, [...Object.keys(schema.shape), ...more], example));
}
