import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, listAt, textAt, valueAt } from '../../../model/json.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import { type AppState, type ContainerApp, findRevisionTemplate, readApp } from './app.ts';
import { findPinningRevision } from './pinned-by.ts';
import { previouslyServing, type RestoreData } from './restore-data.ts';
import { hashTemplate, readContainers, readInitContainers, undoTemplate } from './template.ts';
import { readTraffic } from './traffic-table.ts';

/** @throws DeployError UNSUPPORTED when nothing of the app could be restored */
export async function captureRestorePoint(app: ContainerApp): Promise<RestorePoint> {
  const state = await readApp(app);
  const templateRevision = chooseRevision(state);
  if (templateRevision === '') throw nothingToRestore(app);
  const template = await findRevisionTemplate(app, templateRevision);
  const pinnedBy = await findPinningRevision(app, state);
  const data: RestoreData = {
    mode: state.mode === 'multiple' ? 'multiple' : 'single',
    latest: state.latestRevision,
    ready: state.latestReady || templateRevision,
    templateRevision,
    hash: template ? hashTemplate(undoTemplate(state.template, template)) : '',
    templateRevisionHash: template ? hashTemplate(template) : '',
    traffic: state.mode === 'multiple' && state.ingress ? readTraffic(state.traffic) : null,
    ...(pinnedBy === null ? {} : { pinnedBy }),
    target: describeTarget(state, { templateRevision, template }),
  };
  return { resource: app.resource, revision: previouslyServing(data).join(' and ') || templateRevision, data };
}

/**
 * Where the latest revision gets the traffic by itself, what is restored has to be able to serve: not a later one that
 * never became ready. Where traffic goes by name, the template is only what the next deploy starts from.
 */
function chooseRevision({ mode, traffic, latestRevision, latestReady }: AppState): string {
  const byName = mode === 'multiple' && readTraffic(traffic).every(({ revision }) => revision !== null);
  return (byName ? latestRevision : latestReady) || latestReady || latestRevision;
}

interface Restored {
  readonly templateRevision: string;
  /** null: the revision is gone. */
  readonly template: JsonObject | null;
}

function describeTarget({ document, latestReady }: AppState, { templateRevision, template }: Restored) {
  const maxInactive = valueAt(document, 'properties', 'configuration', 'maxInactiveRevisions');
  const known = listAt(document, 'properties', 'configuration', 'secrets').map((secret) => textAt(secret, 'name'));
  const problems = [
    ...(latestReady === '' ? ['no revision of it is ready'] : []),
    ...(template ? [] : [`revision ${templateRevision} does not exist any more`]),
  ];
  return {
    images: template ? readImages(template) : [],
    missingSecrets: template ? namesOfSecrets(template).filter((name) => !known.includes(name)) : [],
    maxInactive: typeof maxInactive === 'number' ? maxInactive : null,
    problems,
  };
}

export function readImages(template: JsonObject): readonly string[] {
  const containers = [...readInitContainers(template), ...readContainers(template)];
  return containers.map((container) => textAt(container, 'image')).filter((image) => image !== '');
}

function namesOfSecrets(template: JsonObject): readonly string[] {
  const containers = [...readInitContainers(template), ...readContainers(template)];
  const names = containers.flatMap((container) => listAt(container, 'env').map((one) => textAt(one, 'secretRef')));
  return [...new Set(names.filter((name) => name !== ''))];
}

function nothingToRestore(app: ContainerApp): DeployError {
  return new DeployError('UNSUPPORTED', `could not guarantee a rollback of ${app.resource}: it has no revision`, {
    hint: 'Get one revision of it running first (az containerapp revision list), then run again.',
  });
}
