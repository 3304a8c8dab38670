import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Finding } from './finding.ts';

/** General names of https://github.com/actions/starter-workflows, and the languages that templates of ours are for. */
const CATEGORIES = ['Deployment', 'Containers', 'Python', 'JavaScript', 'TypeScript', 'Dockerfile'];

/** https://docs.github.com/en/actions/how-tos/reuse-automations/create-workflow-templates */
const properties = z.strictObject({
  name: z.string().min(1),
  description: z.string().min(1).max(150),
  iconName: z.string().min(1).optional(),
  categories: z.array(z.enum(CATEGORIES)).min(1).optional(),
  filePatterns: z.array(z.string().refine(isExpression, 'is no regular expression')).min(1).optional(),
});

/** What GitHub asks of a folder of templates: each with its properties, and nothing that belongs to none. */
export function checkProperties(folder: string): readonly Finding[] {
  const files = readdirSync(folder).sort();
  const names = new Map<string, string>();
  return files.flatMap((file) => {
    if (file.endsWith('.yml'))
      return files.includes(propertiesOf(file)) ? [] : [say(file, `has no ${propertiesOf(file)}`)];
    if (file.endsWith('.svg')) return [];
    if (!file.endsWith('.properties.json')) return [say(file, 'is neither a template nor of one')];
    return checkFile(folder, file, names);
  });
}

function checkFile(folder: string, file: string, names: Map<string, string>): readonly Finding[] {
  const template = file.replace(/\.properties\.json$/, '.yml');
  const result = properties.safeParse(JSON.parse(readFileSync(path.join(folder, file), 'utf8')));
  if (!result.success)
    return result.error.issues.map((issue) => say(file, `${issue.path.join('.')}: ${issue.message}`));
  const { name, iconName = 'octicon rocket' } = result.data;
  const twin = names.get(name);
  names.set(name, file);
  return [
    ...(twin ? [say(file, `has the name of ${twin}`)] : []),
    ...(existsSync(path.join(folder, template)) ? [] : [say(file, `has no ${template}`)]),
    ...(iconName.startsWith('octicon ') || existsSync(path.join(folder, `${iconName}.svg`))
      ? []
      : [say(file, `has no ${iconName}.svg`)]),
    ...(/^[a-z0-9]+(-[a-z0-9]+)*\.properties\.json$/.test(file) ? [] : [say(file, 'is not in kebab-case')]),
  ];
}

function propertiesOf(template: string): string {
  return template.replace(/\.yml$/, '.properties.json');
}

function say(file: string, message: string): Finding {
  return { at: file, rule: 'properties', message };
}

function isExpression(text: string): boolean {
  try {
    return new RegExp(text) !== null;
  } catch {
    return false;
  }
}
