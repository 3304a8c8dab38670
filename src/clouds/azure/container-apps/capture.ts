import { DeployError } from '../../../model/errors.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import { type AppState, type ContainerApp, findRevisionTemplate, readApp } from './app.ts';
import { previouslyServing, type RestoreData } from './restore-data.ts';
import { hashTemplate, undoTemplate } from './template.ts';
import { readTraffic } from './traffic-table.ts';

/** @throws DeployError UNSUPPORTED when what runs now could not be restored. */
export async function captureRestorePoint(app: ContainerApp): Promise<RestorePoint> {
  const state = await readApp(app);
  const base = chooseBase(state);
  const template = base === '' ? null : await findRevisionTemplate(app, base);
  if (!template) {
    throw noGuarantee(app, base === '' ? 'no revision of it is ready' : `revision ${base} does not exist any more`);
  }
  const data: RestoreData = {
    mode: state.mode === 'multiple' ? 'multiple' : 'single',
    latest: state.latestRevision,
    ready: state.latestReady,
    base,
    hash: hashTemplate(undoTemplate(state.template, template)),
    baseHash: hashTemplate(template),
    traffic: state.mode === 'multiple' && state.ingress ? readTraffic(state.traffic) : null,
  };
  return { resource: app.resource, revision: previouslyServing(data).join(' and ') || base, data };
}

/**
 * Where the latest revision gets the traffic by itself, what is restored has to be able to serve: not a later one that
 * never became ready. Where traffic goes by name, the template is only what the next deploy starts from.
 */
function chooseBase(state: AppState): string {
  const byName = state.mode === 'multiple' && readTraffic(state.traffic).every(({ revision }) => revision !== null);
  return (byName ? state.latestRevision : state.latestReady) || state.latestReady;
}

function noGuarantee(app: ContainerApp, why: string): DeployError {
  return new DeployError('UNSUPPORTED', `could not guarantee a rollback of ${app.resource}: ${why}`, {
    hint: 'Get one revision of it running first (az containerapp revision list), then run again.',
  });
}
