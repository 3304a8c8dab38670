import seeds from '@sigstore/tuf/seeds.json' with { type: 'json' };
import type { CancellableIo } from '../io/io.ts';
import { isJsonObject, type JsonObject, textAt, tryParseJson } from '../model/json.ts';
import { quoteForeign } from './candidate.ts';
import { refreshTarget } from './refresh-target.ts';

const MIRROR = 'https://tuf-repo-cdn.sigstore.dev';
const TARGET = 'trusted_root.json';
const LONGEST_MS = 20_000;

/**
 * The trusted root of the public Sigstore instance, as its owners publish it now, or where that can't be reached the one
 * that came with this release: a runner without a way to the internet deploys too.
 * @throws the signal's reason
 */
export async function readPublicRoot({ io, signal }: CancellableIo): Promise<JsonObject> {
  const shipped = seeds[MIRROR];
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]);
  try {
    const root = Buffer.from(shipped['root.json'], 'base64');
    const text = await refreshTarget({ mirror: MIRROR, root, target: TARGET }, { io, signal: limit });
    return parse(text);
  } catch (error) {
    signal.throwIfAborted();
    const why = quoteForeign((error as Error).message);
    io.log.info(`Using the Sigstore trusted root of this release: could not refresh it from ${MIRROR}: ${why}`);
    return parse(Buffer.from(shipped.targets[TARGET], 'base64').toString());
  }
}

function parse(text: string): JsonObject {
  const root = tryParseJson(text);
  if (isJsonObject(root) && textAt(root, 'mediaType') !== '') return root;
  throw new Error(`${TARGET} is not a trusted root`);
}
