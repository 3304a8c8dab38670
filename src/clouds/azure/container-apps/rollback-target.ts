import { readIfPossible } from '../../../io/read-optional.ts';
import type { RestorePoint, RollbackTarget } from '../../../model/restore-point.ts';
import { type ContainerApp, findRevisionTemplate } from './app.ts';
import { readImages } from './capture.ts';
import { parseRestoreData, previouslyServing, type RestoreData } from './restore-data.ts';
import { isName } from './traffic-table.ts';

/** See `Workload.rollbackTarget`. What capturing read is not read again. */
export async function readRollbackTarget(
  app: ContainerApp,
  point: RestorePoint,
  { keepPrevious }: { readonly keepPrevious: 'active' | 'inactive' },
): Promise<RollbackTarget> {
  const data = parseRestoreData(point, app);
  const images = [...(data.target?.images ?? []), ...(await readServingImages(app, data))];
  return { images, obstacles: listObstacles(app, data, keepPrevious) };
}

/** Usually the revision whose template is restored serves too. */
async function readServingImages(app: ContainerApp, data: RestoreData): Promise<readonly string[]> {
  const others = previouslyServing(data).filter((name) => !isName(name, data.templateRevision));
  const read = (name: string) => findRevisionTemplate(app, name);
  const templates = await Promise.all(
    others.map((name) => readIfPossible(app.io.log, `the images of ${name}`, () => read(name))),
  );
  return templates.flatMap((template) => (template ? readImages(template) : []));
}

/** Pure: what the platform shows to be missing. */
function listObstacles(
  { name, resourceGroup }: Pick<ContainerApp, 'name' | 'resourceGroup'>,
  { target, mode }: RestoreData,
  keepPrevious: 'active' | 'inactive',
): RollbackTarget['obstacles'] {
  if (!target) return [];
  const at = `--name ${name} --resource-group ${resourceGroup}`;
  const needsInactive = mode === 'single' || keepPrevious === 'inactive';
  const keep = mode === 'single' ? '' : ', or set `keep-previous: active`';
  const purged = {
    message:
      'the app keeps no inactive revision (maxInactiveRevisions: 0), so the previous one is deleted when it is replaced',
    hint: `Let it keep some: az containerapp update ${at} --max-inactive-revisions 10${keep}.`,
  };
  return [
    ...target.problems.map((message) => ({
      message,
      hint: `Get one revision of it running first (az containerapp revision list ${at} --all), then run again.`,
    })),
    ...target.missingSecrets.map((secret) => ({
      message: `the app has no secret ${secret} any more, which the previous revision uses`,
      hint: `Add it again: az containerapp secret set ${at} --secrets ${secret}=<value>.`,
    })),
    ...(target.maxInactive === 0 && needsInactive ? [purged] : []),
  ];
}
