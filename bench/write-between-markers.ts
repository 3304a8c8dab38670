import { readFile, writeFile } from 'node:fs/promises';

/**
 * Replaces what a document holds between `<!-- name -->` and `<!-- /name -->`.
 * @throws Error when it has no such markers
 */
export async function writeBetweenMarkers(file: string, name: string, text: string): Promise<void> {
  const document = await readFile(file, 'utf8');
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = document.indexOf(start);
  const to = document.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`could not write ${name} into ${file}: it has no ${start} … ${end}`);
  await writeFile(file, `${document.slice(0, from + start.length)}\n\n${text.trim()}\n\n${document.slice(to)}`);
}
