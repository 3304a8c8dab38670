import { tryParseJson } from '../model/json.ts';
import type { Io } from './io.ts';

const MAX_EVENT_BYTES = 50_000_000;

/** The payload of the event that started the workflow, as the runner stored it. undefined: it can't be read. */
export function readEvent({ env, files }: Pick<Io, 'env' | 'files'>): unknown {
  try {
    return tryParseJson(files.readText(env['GITHUB_EVENT_PATH'] ?? '', MAX_EVENT_BYTES));
  } catch {
    return undefined;
  }
}
