import { readIfPossible } from '../../../io/read-optional.ts';
import { type JsonObject, textAt } from '../../../model/json.ts';
import { previousTemplate, previousTemplateBeside } from './previous-template.ts';
import type { RestoreData } from './restore-data.ts';
import { hashTemplate } from './revision-name.ts';
import type { RunService } from './service.ts';
import { readRevisionDocument } from './service-wire.ts';

/**
 * The template to restore: as this process captured it, or from the previous revision, which can't change. `ours`: as it is
 * now.
 */
export async function readPreviousTemplate(run: RunService, ours: JsonObject, data: RestoreData): Promise<JsonObject> {
  const captured = data.isTemplateRevision ? run.captured.get(data.templateHash) : undefined;
  if (captured) return captured;
  const document = await readRevisionDocument(run, data.previous);
  const { images, isTemplateRevision } = data;
  const previous = { document, images, isTemplateRevision };
  const template = previousTemplate(ours, previous);
  if (!isTemplateRevision || hashTemplate(template) === data.templateHash) return template;
  const revision = textAt(ours, 'revision');
  const read = () => readRevisionDocument(run, revision);
  const ourDocument = await readIfPossible(run.io.log, `what ${revision} shows of its template`, read);
  return previousTemplateBeside({ template: ours, document: ourDocument }, previous);
}
