import { type TrustedRoot, TrustedRoot as TrustedRoots } from '@sigstore/protobuf-specs';
import { type TrustMaterial, toTrustMaterial, Verifier } from '@sigstore/verify';
import { DeployError } from '../model/errors.ts';
import type { JsonObject } from '../model/json.ts';

/** Whom to believe: certificate authorities, transparency logs, timestamp authorities. */
export interface Trust {
  /** Verifies signatures with certificates. */
  readonly certificates: Verifier;
  /** Verifies signatures by this key. @throws Error of Node for something that is no public key */
  withKey(key: TrustMaterial['publicKey'], needsLog: boolean): Verifier;
}

/**
 * What a signature needs is what its Sigstore instance has: an entry in a log, a certificate that a log has seen, and in
 * any case a time that another party vouches for.
 * @throws DeployError INPUT_INVALID
 */
export function openTrust(json: JsonObject): Trust {
  const root = parse(json);
  const material = toMaterial(root);
  const certificates = new Verifier(material, {
    ctlogThreshold: root.ctlogs.length > 0 ? 1 : 0,
    tlogThreshold: root.tlogs.length > 0 ? 1 : 0,
    timestampThreshold: 1,
  });
  return {
    certificates,
    withKey(publicKey, needsLog) {
      const options = { ctlogThreshold: 0, tlogThreshold: needsLog ? 1 : 0, timestampThreshold: 0 };
      return new Verifier({ ...material, publicKey }, options);
    },
  };
}

function parse(json: JsonObject): TrustedRoot {
  const root = fromJson(json);
  if (root.certificateAuthorities.length + root.tlogs.length === 0) {
    throw invalid('it has no certificate authority and no transparency log');
  }
  const undated = [...root.tlogs, ...root.ctlogs].find(({ publicKey }) => publicKey?.validFor?.start === undefined);
  if (undated) throw invalid(`it does not say since when the key of the log ${undated.baseUrl} is valid`);
  return root;
}

function fromJson(json: JsonObject): TrustedRoot {
  try {
    return TrustedRoots.fromJSON(json);
  } catch (error) {
    throw invalid((error as Error).message, error);
  }
}

function toMaterial(root: TrustedRoot): TrustMaterial {
  try {
    return toTrustMaterial(root);
  } catch (error) {
    throw invalid((error as Error).message, error);
  }
}

function invalid(why: string, cause?: unknown): DeployError {
  return new DeployError('INPUT_INVALID', `could not read the trusted root: ${why}`, {
    cause,
    hint: 'Write it again with `gh attestation trusted-root` or `cosign trusted-root create`.',
  });
}
