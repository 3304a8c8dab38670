import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setupScripts } from '../../scripts/setup-scripts.ts';

/** A command of the GitHub CLI that a document shows. */
export interface DocumentCommand {
  /** `docs/plans.md: ` and what else tells where it is. */
  readonly where: string;
  readonly text: string;
  /** It only names the command: there is no argument. */
  readonly isMention: boolean;
}

const root = path.resolve(import.meta.dirname, '../..');

/** All but those of the setup guides, which their scripts run; what stands for a name is filled in. */
export async function readGhCommands(): Promise<readonly DocumentCommand[]> {
  const pages = (await readdir(path.join(root, 'docs')))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  const templates = (await readdir(path.join(root, 'workflow-templates'))).map((name) => `workflow-templates/${name}`);
  const names = ['README.md', 'SECURITY.md', ...pages, ...templates].filter((name) => !setupScripts[name]);
  const texts = await Promise.all(
    names.map(async (name) => [name, await readFile(path.join(root, name), 'utf8')] as const),
  );
  const commands = texts.flatMap(([name, text]) =>
    [...blockCommands(text), ...spans(text)].map((found) => toCommand(name, found)),
  );
  return [...new Map(commands.map((command) => [`${command.where} ${command.text}`, command])).values()];
}

/** In a block of shell or YAML: the whole command, over all its lines. */
function blockCommands(text: string): readonly string[] {
  const lines = text.replace(/\\\n\s*/g, ' ').split('\n');
  return lines.flatMap((line) => /^\s*(?:- run: |run: )?(gh [a-z].*)$/.exec(line)?.[1] ?? []);
}

function spans(text: string): readonly string[] {
  return [...text.matchAll(/`(gh [a-z][^`]*)`/g)].map(([, command]) => command!.replace(/\s+/g, ' '));
}

function toCommand(where: string, found: string): DocumentCommand {
  const text = found.replaceAll('OWNER/REPOSITORY', 'acme/agent').replaceAll('COMMIT', 'a'.repeat(40)).trim();
  return { where, text, isMention: /^gh(?: [a-z-]+){1,2}$/.test(text) };
}
