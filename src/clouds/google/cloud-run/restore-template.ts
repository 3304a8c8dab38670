import { readIfPossible } from '../../../io/read-optional.ts';
import type { JsonObject } from '../../../model/json.ts';
import { previousTemplate, previousTemplateBeside } from './previous-template.ts';
import type { RestoreData } from './restore-data.ts';
import { hashTemplate } from './revision-name.ts';
import type { RunService } from './service.ts';
import { readRevisionDocument } from './service-wire.ts';

/**
 * The template to restore: as this process captured it, or from the previous revision, which can't change. `template`: as it
 * is now; `ours`: the revision that was made of it; '': it is not known yet.
 */
export async function readPreviousTemplate(
  run: RunService,
  template: JsonObject,
  { data, ours }: { readonly data: RestoreData; readonly ours: string },
): Promise<JsonObject> {
  const captured = data.isTemplateRevision ? run.captured.get(data.templateHash) : undefined;
  if (captured) return captured;
  const document = await readRevisionDocument(run, data.previous);
  const { images, isTemplateRevision } = data;
  const previous = { document, images, isTemplateRevision };
  const restored = previousTemplate(template, previous);
  if (!isTemplateRevision || hashTemplate(restored) === data.templateHash) return restored;
  const read = () => readRevisionDocument(run, ours);
  const what = `what ${ours} shows of its template`;
  const ourDocument = ours === '' ? null : await readIfPossible(run.io.log, what, read);
  return previousTemplateBeside({ template, document: ourDocument }, previous);
}
