import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Exchange } from './edge/calls.ts';
import type { Place } from './planted-secrets.ts';
import type { StageResult } from './runner.ts';

/** What anyone who may read the job sees of a stage, and what post gets of it. */
export function placesOfStage(name: string, { log, summary, outputs, state }: StageResult): readonly Place[] {
  return [
    { name: `the log of ${name}`, text: withoutMasks(log) },
    { name: `the summary of ${name}`, text: summary },
    { name: `the outputs of ${name}`, text: JSON.stringify(outputs) },
    { name: `the state of ${name}`, text: JSON.stringify(state) },
  ];
}

/** The runner hides them. */
export function withoutMasks(log: string): string {
  return log.replace(/^::add-mask::.*$/gm, '');
}

/** The report, and whatever else a run leaves there. */
export async function filesIn(directory: string): Promise<readonly Place[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  return await Promise.all(
    files.map(async ({ parentPath, name }) => ({ name, text: await readFile(path.join(parentPath, name), 'utf8') })),
  );
}

const MOST = 256 * 1024;

/** What its host got. */
export function placeOfRequest({ operation, request: { method, url, headers, body } }: Exchange): Place {
  // A test's image says in its layers and its config what its containers answer. An import by Azure gets the login for the
  // source, as docs/azure-container-apps.md says.
  const isLeftOut = /^registry:(?:PUT|PATCH|POST) upload|^arm:Registries_ImportImage/.test(operation);
  const text = [
    method,
    url.href,
    ...Object.entries(headers).flat(),
    isLeftOut ? '' : body.subarray(0, MOST).toString(),
  ];
  return { name: `a request to ${url.hostname}`, host: url.hostname, text: text.join('\n') };
}
