import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type {
  AttestationRequirement,
  IdentityRequirement,
  KeyRequirement,
  SignedRequirement,
} from '../../src/model/requirement.ts';
import type { TextPattern } from '../../src/model/text-pattern.ts';
import { runProgram } from '../run-program.ts';

/** One requirement of `verify`, and what it is asked of. */
export interface PeerQuestion {
  /** `127.0.0.1:1234/acme/agent` */
  readonly repository: string;
  readonly digest: string;
  readonly requirement: SignedRequirement;
  /** In the JSON of `trusted_root.json`. It is enough that one of them vouches. */
  readonly roots: readonly object[];
  /** Text of the file that `bundle` of the requirement names; null: the bundles are in the registry. */
  readonly bundles: string | null;
  /** Attestations are in cosign's tag, which gh does not read. */
  readonly isInTag: boolean;
  /** The registry has no manifest of this digest: the bundles alone are known. */
  readonly isElsewhere: boolean;
}

export interface PeerAnswer {
  readonly peer: 'gh' | 'cosign';
  /** `crashed`: it accepted nothing either. */
  readonly verdict: 'accepted' | 'refused' | 'crashed';
}

/** Why it can't be asked. */
export interface NotAsked {
  readonly reason: string;
}

/** `folder` has the programs `gh` and `cosign`; `scratch` is for their files. */
export interface Peers {
  readonly folder: string;
  readonly scratch: string;
}

/** @throws Error where a program doesn't answer */
export async function askPeer(question: PeerQuestion, { folder, scratch }: Peers): Promise<PeerAnswer | NotAsked> {
  const asked = await commandFor(question, scratch);
  if ('reason' in asked) return asked;
  const env = { HOME: scratch, GH_TOKEN: 'none', GH_CONFIG_DIR: scratch, GH_NO_UPDATE_NOTIFIER: '1' };
  const { peer, commands } = asked;
  let crashes = false;
  for (const args of commands) {
    const { exitCode, stderr } = await runProgram(path.join(folder, peer), args, { env });
    if (exitCode === 0) return { peer, verdict: 'accepted' };
    if (exitCode === null || /unknown (?:flag|command)/.test(stderr)) throw new Error(`${peer}: ${stderr}`);
    crashes ||= stderr.includes('panic:');
  }
  return { peer, verdict: crashes ? 'crashed' : 'refused' };
}

interface Commands {
  readonly peer: PeerAnswer['peer'];
  /** One for each trusted root: neither program believes two of the same authority. */
  readonly commands: readonly (readonly string[])[];
}

async function commandFor(question: PeerQuestion, scratch: string): Promise<Commands | NotAsked> {
  const roots = question.roots.map((root) => write(scratch, 'root.jsonl', `${JSON.stringify(root)}\n`));
  const argsOf = chooseCommand(question, scratch);
  if ('reason' in argsOf) return argsOf;
  return { peer: argsOf.peer, commands: roots.map(argsOf.with) };
}

interface Command {
  readonly peer: PeerAnswer['peer'];
  readonly with: (root: string) => readonly string[];
}

function chooseCommand(question: PeerQuestion, scratch: string): Command | NotAsked {
  const { requirement } = question;
  const bundle = question.bundles === null ? null : write(scratch, 'bundle.jsonl', question.bundles);
  const image = `${question.repository}@${question.digest}`;
  switch (requirement.kind) {
    case 'attestation':
      if (new URL(requirement.repository).host !== 'github.com') return { reason: 'gh asks the API of that server' };
      // gh needs the image itself.
      if (question.isElsewhere && bundle !== null) {
        return { peer: 'cosign', with: (root) => cosignBlob({ question, requirement, bundle, root }) };
      }
      if (question.isInTag) return { peer: 'cosign', with: (root) => cosignAttestation(image, requirement, root) };
      return { peer: 'gh', with: (root) => ghVerify({ image, requirement, bundle, root }) };
    case 'identity':
      if (bundle !== null) return { reason: 'cosign verifies bundles of a file as those of a file that is signed' };
      return { peer: 'cosign', with: (root) => cosignVerify(image, byIdentity(requirement), root) };
    case 'key':
      if (bundle !== null) return { reason: 'cosign verifies bundles of a file as those of a file that is signed' };
      return { peer: 'cosign', with: (root) => cosignVerify(image, byKey(requirement, scratch), root) };
  }
}

/** https://cli.github.com/manual/gh_attestation_verify */
function ghVerify(given: {
  readonly image: string;
  readonly requirement: AttestationRequirement;
  readonly bundle: string | null;
  readonly root: string;
}): readonly string[] {
  const { image, requirement, bundle, root } = given;
  const { ref, commit, signerWorkflow } = requirement;
  return [
    ...['attestation', 'verify', `oci://${image}`, '--format', 'json', '--custom-trusted-root', root],
    ...(bundle === null ? ['--bundle-from-oci'] : ['--bundle', bundle]),
    ...['--repo', new URL(requirement.repository).pathname.slice(1)],
    ...['--cert-oidc-issuer', requirement.issuer, '--predicate-type', requirement.predicateType],
    ...(requirement.allowsSelfHosted ? [] : ['--deny-self-hosted-runners']),
    // It has no patterns of refs.
    ...(ref === null || ref.includes('*') ? [] : ['--source-ref', ref]),
    ...(commit === null ? [] : ['--source-digest', commit]),
    ...(signerWorkflow === null ? [] : signerOf(signerWorkflow)),
  ];
}

function signerOf(workflow: TextPattern): readonly string[] {
  if (!workflow.includes('@')) return ['--signer-workflow', workflow.replace('https://', '')];
  const [, repository = '', rest = ''] = /^(https:\/\/[^/]+\/[^/]+\/[^/]+)(.*)$/.exec(workflow) ?? [];
  return ['--cert-identity-regex', `^(?i:${expressionOf(repository)})${expressionOf(rest)}$`];
}

/** https://github.com/sigstore/cosign/blob/main/doc/cosign_verify.md */
function cosignVerify(image: string, by: readonly string[], root: string): readonly string[] {
  return ['verify', image, '--trusted-root', root, ...by];
}

function cosignAttestation(image: string, requirement: AttestationRequirement, root: string): readonly string[] {
  const { repository, issuer, predicateType } = requirement;
  return [
    ...['verify-attestation', image, '--trusted-root', root, '--type', predicateType],
    ...['--certificate-identity-regexp', `^${expressionOf(repository)}/`, '--certificate-oidc-issuer', issuer],
  ];
}

/** Of an image of which only the digest is known. */
function cosignBlob(given: {
  readonly question: PeerQuestion;
  readonly requirement: AttestationRequirement;
  readonly bundle: string;
  readonly root: string;
}): readonly string[] {
  const { question, requirement, bundle, root } = given;
  const { repository, signerWorkflow, issuer, predicateType } = requirement;
  const identity = signerWorkflow === null ? `${expressionOf(repository)}/` : `${expressionOf(signerWorkflow)}@`;
  // What the instance has, as we take it: GitHub's has no logs.
  const { tlogs = [] } = JSON.parse(readFileSync(root, 'utf8')) as { tlogs?: readonly unknown[] };
  const withoutLogs = ['--use-signed-timestamps', '--insecure-ignore-tlog=true', '--insecure-ignore-sct'];
  return [
    ...['verify-blob-attestation', '--bundle', bundle, '--trusted-root', root, '--type', predicateType],
    ...['--digestAlg', 'sha256', '--digest', question.digest.replace('sha256:', '')],
    ...['--certificate-identity-regexp', `^${identity}`, '--certificate-oidc-issuer', issuer],
    ...(tlogs.length > 0 ? [] : withoutLogs),
  ];
}

function byIdentity({ identity, issuer }: IdentityRequirement): readonly string[] {
  const flag = (name: string, pattern: TextPattern): readonly string[] =>
    pattern.includes('*') ? [`${name}-regexp`, `^${expressionOf(pattern)}$`] : [name, pattern];
  return [...flag('--certificate-identity', identity), ...flag('--certificate-oidc-issuer', issuer)];
}

function byKey({ key, needsLog }: KeyRequirement, scratch: string): readonly string[] {
  return ['--key', write(scratch, 'cosign.pub', key), ...(needsLog ? [] : ['--insecure-ignore-tlog=true'])];
}

/** Both know regular expressions only. */
function expressionOf(pattern: string): string {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  return escaped.replace(/\*\*|\*/g, (stars) => (stars === '**' ? '.*' : '[^/]*'));
}

function write(scratch: string, name: string, content: string): string {
  const file = path.join(mkdtempSync(path.join(scratch, 'question-')), name);
  writeFileSync(file, content);
  return file;
}
