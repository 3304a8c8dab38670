import { createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject, sign, verify } from 'node:crypto';
import { isObject, type JsonObject } from './json.ts';

/** Whoever issues tokens, with a key of its own. */
export interface Issuer {
  issue(claims: JsonObject): string;
  /** null: not signed by this issuer. What the claims say is not looked at. */
  read(token: string): JsonObject | null;
  /** As `/.well-known/jwks` shows it. */
  publicKey(): JsonWebKey;
}

// An RSA key takes longer to make than the rest of a world, so all worlds of a process share one for each issuer.
const keys = new Map<string, KeyObject>();

export function openIssuer(keyId: string): Issuer {
  const findKey = (): KeyObject => {
    const key = keys.get(keyId) ?? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    keys.set(keyId, key);
    return key;
  };
  return {
    issue(claims) {
      const signed = [{ alg: 'RS256', kid: keyId, typ: 'JWT' }, claims].map(encode).join('.');
      return `${signed}.${sign('sha256', Buffer.from(signed), findKey()).toString('base64url')}`;
    },
    read(token) {
      const [header = '', payload = '', signature = ''] = token.split('.');
      const bytes = Buffer.from(`${header}.${payload}`);
      const isOurs = verify('sha256', bytes, createPublicKey(findKey()), Buffer.from(signature, 'base64url'));
      return isOurs ? decode(payload) : null;
    },
    publicKey: () => ({
      ...createPublicKey(findKey()).export({ format: 'jwk' }),
      ...{ kid: keyId, alg: 'RS256', use: 'sig' },
    }),
  };
}

function encode(part: JsonObject): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function decode(part: string): JsonObject | null {
  const document: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
  return isObject(document) ? document : null;
}
