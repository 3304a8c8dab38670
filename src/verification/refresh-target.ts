import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { BaseFetcher, Updater } from 'tuf-js';
import { DownloadHTTPError } from 'tuf-js/dist/error.js';
import { readBody } from '../io/http.ts';
import type { CancellableIo } from '../io/io.ts';

export interface TufTarget {
  /** URL without a slash at its end. */
  readonly mirror: string;
  /** A root of trust that leads to the current one. */
  readonly root: Buffer;
  readonly target: string;
}

const MAX_BYTES = 5_000_000;
const TIMEOUT_MS = 10_000;
/** Each is a request. The root of the public instance has the version 16 after five years. */
const MOST_ROTATIONS = 64;

/**
 * A file of a TUF repository, verified with its metadata: https://theupdateframework.github.io/specification/
 * @throws Error of tuf-js where it can't be verified; DeployError NETWORK; the signal's reason
 */
export async function refreshTarget({ mirror, root, target }: TufTarget, context: CancellableIo): Promise<string> {
  // The client keeps its state in files; nothing of it is used again, and no one else can have written it.
  const folder = await mkdtemp(path.join(context.io.env['RUNNER_TEMP'] || os.tmpdir(), 'deploy-agent-tuf-'));
  try {
    await writeFile(path.join(folder, 'root.json'), root);
    const updater = new Updater({
      metadataBaseUrl: mirror,
      targetBaseUrl: `${mirror}/targets`,
      metadataDir: folder,
      targetDir: folder,
      fetcher: new IoFetcher(context),
      config: { maxRootRotations: MOST_ROTATIONS },
    });
    const info = await updater.getTargetInfo(target);
    if (!info) throw new Error(`${mirror} has no ${target}`);
    return await readFile(await updater.downloadTarget(info, path.join(folder, 'target')), 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Through the action's own client: it takes the proxy of the runner, which the library's own does not. */
class IoFetcher extends BaseFetcher {
  readonly #context: CancellableIo;

  constructor(context: CancellableIo) {
    super();
    this.#context = context;
  }

  override async fetch(url: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const { io, signal } = this.#context;
    const response = await io.http.send({ method: 'GET', url: new URL(url), timeoutMs: TIMEOUT_MS, signal });
    const bytes = await readBody(response, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS });
    // It reads from the status where the chain of roots ends.
    if (response.status !== 200) throw new DownloadHTTPError('unexpected status', response.status);
    return new Blob([new Uint8Array(bytes)]).stream();
  }
}
