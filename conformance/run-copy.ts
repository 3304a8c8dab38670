import path from 'node:path';
import type { World } from '../simulators/world.ts';
import type { CopyResult } from '../src/registry/copy-image.ts';
import { runWell } from './run-program.ts';

/** A repository, and who may use it. */
export interface Place {
  /** `host/repository`, without a tag. */
  readonly name: string;
  /** `user:password`; null: open to anybody. */
  readonly login: string | null;
}

export interface CopyOrder {
  readonly source: Place;
  readonly destination: Place;
  readonly tag: string;
  readonly withReferrers?: boolean;
}

/** Our own copy in a separate process, through the edge of the embedded clouds. @throws Error with its output. */
export async function runCopy(world: World, order: CopyOrder): Promise<CopyResult> {
  const { source, destination, tag, withReferrers = false } = order;
  const { NODE_OPTIONS: _, SIM_CLOCK_PORT: __, ...env } = world.env;
  const script = path.join(import.meta.dirname, 'copy-image.ts');
  const args = [script, `${source.name}:${tag}`, destination.name, tag, ...(withReferrers ? ['referrers'] : [])];
  const logins = [source, destination].flatMap(toLogin);
  const said = await runWell(process.execPath, args, { env: { ...env, COPY_LOGINS: JSON.stringify(logins) } });
  return JSON.parse(said.trimEnd().split('\n').at(-1) ?? '') as CopyResult;
}

function toLogin({ name, login }: Place) {
  const [username = '', ...password] = (login ?? '').split(':');
  const host = name.slice(0, name.indexOf('/'));
  return login === null ? [] : [{ host, username, password: password.join(':') }];
}
