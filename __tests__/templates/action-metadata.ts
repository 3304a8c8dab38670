import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

export interface ActionMetadata {
  readonly inputs: Readonly<Record<string, { readonly required?: boolean; readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly runs: { readonly using: string; readonly main?: string; readonly post?: string | true };
}

export interface Version {
  readonly version: string;
  readonly sha: string;
}

/** `uses: owner/repository/folder@ref`. */
export interface ActionReference {
  readonly repository: string;
  readonly folder: string;
  readonly ref: string;
}

/** As it is written in a workflow; the only action that is named by a tag. */
export const OWN_ACTION = 'org/deploy-agent';

const root = path.resolve(import.meta.dirname, '../..');

/** The one table of the versions that templates, workflows and examples use. */
export const versions: Readonly<Record<string, Version>> = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'versions.json'), 'utf8'),
);

/** null: a local path, or an image. */
export function parseActionReference(uses: string): ActionReference | null {
  const [, repository, folder = '', ref] = /^([\w.-]+\/[\w.-]+)((?:\/[\w.-]+)*)@(\S+)$/.exec(uses) ?? [];
  return repository && ref ? { repository, folder: folder.slice(1), ref } : null;
}

/** null: the table has no such action, or not in this version. */
export function findMetadata({ repository, folder, ref }: ActionReference): ActionMetadata | null {
  if (repository === OWN_ACTION) return folder === '' ? readMetadata(path.join(root, 'action.yml')) : null;
  if (versions[repository]?.sha !== ref) return null;
  const parts = [...repository.split('/'), ...(folder === '' ? [] : folder.split('/'))];
  return readMetadata(path.join(import.meta.dirname, 'actions', `${parts.join('__')}.yml`));
}

function readMetadata(file: string): ActionMetadata | null {
  if (!existsSync(file)) return null;
  const { inputs = {}, outputs = {}, runs } = parse(readFileSync(file, 'utf8')) as Partial<ActionMetadata>;
  return { inputs, outputs, runs: runs! };
}
