import type { JsonObject } from './json.ts';
import type { TextPattern } from './text-pattern.ts';

interface Scope {
  /** As the input counts it: `verify[0]`. */
  readonly label: string;
  /** Images that it is for, as `registry/repository`; null: all. */
  readonly images: TextPattern | null;
}

interface Source extends Scope {
  /** A file of the workspace that holds the bundles; null: they are looked for in the image's registry. */
  readonly bundle: string | null;
}

/** An attestation of GitHub Actions, which says what built the image from what. */
export interface AttestationRequirement extends Source {
  readonly kind: 'attestation';
  /** URL of the repository that it was built from: `https://github.com/acme/agent`. */
  readonly repository: string;
  /** URL of the workflow file that signed, with or without `@ref`; null: any of `repository`. */
  readonly signerWorkflow: TextPattern | null;
  /** `refs/heads/main`; null: any. */
  readonly ref: TextPattern | null;
  /** Full hash; null: any. */
  readonly commit: string | null;
  readonly issuer: string;
  readonly predicateType: string;
  readonly allowsSelfHosted: boolean;
}

/** A signature whose certificate says who signed. */
export interface IdentityRequirement extends Source {
  readonly kind: 'identity';
  readonly identity: TextPattern;
  readonly issuer: TextPattern;
}

/** A signature by a key. */
export interface KeyRequirement extends Source {
  readonly kind: 'key';
  /** PEM. */
  readonly key: string;
  /** False: the signature counts without an entry in a transparency log. */
  readonly needsLog: boolean;
}

/** Images that are deployed unverified. */
export interface Exemption extends Scope {
  readonly kind: 'unverified';
  readonly images: TextPattern;
}

/** What a signature has to fulfil. */
export type SignedRequirement = AttestationRequirement | IdentityRequirement | KeyRequirement;

export type Requirement = SignedRequirement | Exemption;

/** What has to be true of the images before anything is touched. */
export interface VerifyOptions {
  /** Every image has to fulfil all that are for it, and at least one has to be. None: nothing is verified. */
  readonly verify: readonly Requirement[];
  /** Sigstore trusted roots, in the JSON of `trusted_root.json`; null: the public ones. */
  readonly trustedRoots: readonly JsonObject[] | null;
}

/** Why an image was accepted, for reports. */
export interface VerifiedImage {
  /** `repository@sha256:…` */
  readonly image: string;
  /** `verify[0]` */
  readonly requirement: string;
  /** `attestation`, `signature` or `unverified`. */
  readonly kind: 'attestation' | 'signature' | 'unverified';
  /** Of the certificate, or the hash of the key; null: unverified. */
  readonly signer: string | null;
  /** Who vouched for the signer; null: it is a key. */
  readonly issuer: string | null;
  readonly predicateType: string | null;
  /** Repository, ref and commit that it was built from; null where the certificate doesn't say. */
  readonly repository: string | null;
  readonly ref: string | null;
  readonly commit: string | null;
  /** Where the signature was found. */
  readonly found: string | null;
}
