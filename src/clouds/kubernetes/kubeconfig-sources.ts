import path from 'node:path';
import type { Io } from '../../io/io.ts';
import { workspaceOf } from '../../io/workspace-file.ts';
import { DeployError } from '../../model/errors.ts';
import { textOfFile } from '../../model/text-of-file.ts';
import { type Kubeconfig, mergeKubeconfigs, type Origin, parseKubeconfig } from './kubeconfig.ts';

/** What the input `kubeconfig` holds. */
export type GivenKubeconfig =
  /** Nothing: what kubectl would take. */
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string };

const INPUT = 'the input kubeconfig';
const MAX_BYTES = 1024 * 1024;
// No path is that long without a dot, and no kubeconfig that short.
const SHORTEST_BASE64 = 100;

/** Raw, or as base64 (also in lines), as secrets hold it; else a path. null: base64 of something else. */
export function readGivenKubeconfig(given: string): GivenKubeconfig | null {
  if (given === '') return { kind: 'none' };
  const packed = given.replace(/\s+/g, '');
  if (packed.length >= SHORTEST_BASE64 && /^[A-Za-z0-9+/_-]+=*$/.test(packed)) {
    const text = Buffer.from(packed, 'base64').toString('utf8');
    return /^\s*(?:[\w-]+:|\{|#|---)/.test(text) ? { kind: 'text', text } : null;
  }
  const isText = /[\n{]/.test(given) || /^\w+: /.test(given);
  return isText ? { kind: 'text', text: given } : { kind: 'file', path: given };
}

/** @throws DeployError INPUT_INVALID */
export function parseGivenText(text: string, folder: string): Kubeconfig {
  return parseKubeconfig(text, { what: INPUT, folder });
}

/**
 * The input, or else what kubectl would take: the files of KUBECONFIG, or ~/.kube/config. null: there is none of these.
 * @throws DeployError INPUT_INVALID for one that can't be read
 */
export function findKubeconfig(given: GivenKubeconfig, io: Pick<Io, 'env' | 'files'>): Kubeconfig | null {
  if (given.kind === 'text') return parseGivenText(given.text, workspaceOf(io.env));
  if (given.kind === 'file') return readGivenFile(given.path, io);
  const listed = (io.env['KUBECONFIG'] ?? '').split(path.delimiter).filter((file) => file !== '');
  if (listed.length > 0) return readListed(listed, io);
  const home = homeOf(io.env);
  return home === '' ? null : tryReadFile(path.join(home, '.kube', 'config'), io);
}

function readGivenFile(given: string, io: Pick<Io, 'env' | 'files'>): Kubeconfig {
  const found = tryReadFile(expandHome(given, io.env), io);
  if (found) return found;
  throw new DeployError('INPUT_INVALID', `could not read ${INPUT}: there is no file ${given.slice(0, 200)}`, {
    hint: 'Set it to the YAML of a kubeconfig, to base64 of it, or to the path of a file that an earlier step wrote.',
  });
}

/** kubectl leaves out those of the list that are not there. */
function readListed(files: readonly string[], io: Pick<Io, 'env' | 'files'>): Kubeconfig {
  const configs = files.flatMap((file) => tryReadFile(path.resolve(workspaceOf(io.env), file), io) ?? []);
  if (configs.length > 0) return mergeKubeconfigs(configs);
  throw new DeployError(
    'INPUT_INVALID',
    `could not read the kubeconfig: there is no file ${files.join(', ')} (KUBECONFIG)`,
    {
      hint: 'Put the step that writes it before this one, or set the input `kubeconfig`.',
    },
  );
}

/** null: there is none. */
function tryReadFile(file: string, io: Pick<Io, 'env' | 'files'>): Kubeconfig | null {
  const full = path.resolve(workspaceOf(io.env), file);
  const origin: Origin = { what: full, folder: path.dirname(full) };
  const text = tryReadText(full, io);
  return text === null ? null : parseKubeconfig(text, origin);
}

/** In the workspace only what an input may name there: others write to the repository. */
function tryReadText(full: string, { env, files }: Pick<Io, 'env' | 'files'>): string | null {
  const inside = path.relative(workspaceOf(env), full);
  const isInside = inside !== '' && !inside.startsWith('..') && !path.isAbsolute(inside);
  try {
    if (isInside) return textOfFile(files.readInput(inside, MAX_BYTES), inside);
    return files.readText(full, MAX_BYTES).replace(/^\ufeff/, '');
  } catch (error) {
    if (error instanceof DeployError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new DeployError('INPUT_INVALID', `could not read the kubeconfig ${full}: ${code ?? message}`, {
      hint: 'Make it readable for the user that runs this step.',
    });
  }
}

function expandHome(given: string, env: Io['env']): string {
  return /^~[/\\]/.test(given) ? path.join(homeOf(env), given.slice(2)) : given;
}

function homeOf(env: Io['env']): string {
  return env['HOME'] || env['USERPROFILE'] || '';
}
