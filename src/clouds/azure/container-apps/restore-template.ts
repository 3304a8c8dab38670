import type { JsonObject } from '../../../model/json.ts';
import type { Restoration } from '../../../model/restore-point.ts';
import { failed, returning } from '../../restoration-answers.ts';
import { type ContainerApp, findRevisionTemplate, patchApp } from './app.ts';
import { leadingBefore } from './restore-data.ts';
import type { RestorationPlace } from './restore-facts.ts';
import { restoreRevisionName, suffixOf } from './revision-name.ts';
import { hashTemplate, isSameTemplate, listSecretValues, toPatch, undoTemplate } from './template.ts';
import { isName } from './traffic-table.ts';

/** Changes only what was ours in the present template. Values are read from the old revision, which can't be changed. */
export async function restoreTemplate(app: ContainerApp, place: RestorationPlace): Promise<Restoration> {
  const { data, mark, state } = place;
  const { templateRevision } = data;
  const old = await findRevisionTemplate(app, templateRevision);
  if (!old) {
    return failed(`revision ${templateRevision}, which holds the previous template, does not exist any more`).answer;
  }
  const undone = undoTemplate(state.template, old);
  const isUndone = hashTemplate(undone) === data.hash;
  if (!isUndone && !(await isFromServing(app, place, old))) return describeMore(app, templateRevision);
  const template = isUndone ? undone : old;
  const name = restoreRevisionName(mark);
  const patch = toPatch(state.template, template, suffixOf(name));
  await patchApp(app, { template: patch }, listSecretValues(template));
  return returning('RESTORING_TEMPLATE', `rollback requested: restoring the previous template as ${name}`).answer;
}

/** No repetition changes it. */
function describeMore({ name, resourceGroup, resource }: ContainerApp, revision: string): Restoration {
  const command = `az containerapp revision show --name ${name} --resource-group ${resourceGroup} --revision ${revision}`;
  const what = `could not restore the template of ${resource}: more than our change is in it`;
  return failed(`${what}; compare it with the previous one (${command}), and correct it by hand`).answer;
}

/** Is the app's template the one that served, with a change of images and variables? Then ours was merged into that. */
async function isFromServing(app: ContainerApp, { data, state }: RestorationPlace, old: JsonObject): Promise<boolean> {
  const leading = leadingBefore(data);
  const serving = isName(leading, data.templateRevision) ? old : await findRevisionTemplate(app, leading);
  return serving !== null && isSameTemplate(undoTemplate(state.template, serving), serving);
}
