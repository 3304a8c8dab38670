import path from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Io } from '../../io/io.ts';
import type { ConnectionOptions } from '../../model/endpoint.ts';
import { DeployError } from '../../model/errors.ts';
import { textAt } from '../../model/json.ts';
import type { Entry } from './kubeconfig.ts';

const MAX_BYTES = 1024 * 1024;

/**
 * What `NAME-data` (base64) holds, else the file that `NAME` names; '': neither is there.
 * @throws DeployError INPUT_INVALID
 */
export function readPem(entry: Entry, name: string, { files }: Pick<Io, 'files'>): string {
  const data = textAt(entry.fields, `${name}-data`).replace(/\s+/g, '');
  if (data !== '') return Buffer.from(data, 'base64').toString('utf8');
  const file = textAt(entry.fields, name);
  if (file === '') return '';
  return readNamedFile(entry, file, { files });
}

/** A file that a kubeconfig names: relative to the folder that the kubeconfig is in. @throws DeployError INPUT_INVALID */
export function readNamedFile(entry: Entry, file: string, { files }: Pick<Io, 'files'>): string {
  const full = path.resolve(entry.folder, file);
  try {
    return files.readText(full, MAX_BYTES);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new DeployError('INPUT_INVALID', `could not read ${full}, which ${entry.what} names: ${code ?? message}`, {
      hint: 'Write the file in a step before this one, or embed it: `kubectl config view --raw --flatten`.',
    });
  }
}

/** Node reads them when it connects, and its error doesn't say which. @throws DeployError INPUT_INVALID */
export function ensureUsable({ ca, certificate, key }: ConnectionOptions, what: string): void {
  const parts = [
    ['the certificate authority', ca ? { ca } : null],
    ['the client certificate', certificate ? { cert: certificate } : null],
    ['the client key', key ? { key } : null],
    ['the client key', certificate && key ? { cert: certificate, key } : null],
  ] as const;
  for (const [name, options] of parts) {
    if (options && (!isPem(Object.values(options)) || !isAccepted(options))) {
      throw new DeployError('INPUT_INVALID', `could not use ${name} of ${what}: it is no PEM, or does not fit`, {
        hint: 'Write the kubeconfig again: `kubectl config view --raw --minify --flatten`.',
      });
    }
  }
}

/** A certificate authority that is no PEM is ignored by Node, and then the server's certificate is to blame. */
function isPem(texts: readonly string[]): boolean {
  return texts.every((text) => text.includes('-----BEGIN '));
}

function isAccepted(options: Parameters<typeof createSecureContext>[0]): boolean {
  try {
    createSecureContext(options);
    return true;
  } catch {
    return false;
  }
}
