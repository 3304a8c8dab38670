import { DeployError } from '../../../model/errors.ts';
import type { RestorePoint } from '../../../model/workload.ts';
import { type AppState, type ContainerApp, findRevisionTemplate, readApp } from './app.ts';
import { type RestoreData, servedBefore } from './restore-data.ts';
import { hashTemplate, undoTemplate } from './template.ts';
import { formatTraffic, readTraffic } from './traffic-table.ts';

const MOST_BYTES = 2_000;

/** @throws DeployError UNSUPPORTED when what runs now could not be put back. */
export async function captureRestorePoint(app: ContainerApp): Promise<RestorePoint> {
  const state = await readApp(app);
  const base = chooseBase(state);
  const old = base === '' ? null : await findRevisionTemplate(app, base);
  if (!old) {
    throw cannotPromise(app, base === '' ? 'no revision of it is ready' : `revision ${base} is not there any more`);
  }
  const data: RestoreData = {
    mode: state.mode === 'multiple' ? 'multiple' : 'single',
    latest: state.latestRevision,
    ready: state.latestReady,
    base,
    hash: hashTemplate(undoTemplate(state.template, old)),
    traffic: state.mode === 'multiple' && state.ingress ? formatTraffic(readTraffic(state.traffic)) : '',
  };
  if (Buffer.byteLength(JSON.stringify(data)) > MOST_BYTES) {
    throw cannotPromise(app, `its traffic has ${state.traffic.length} entries, too many to write down`);
  }
  return { resource: app.resource, revision: servedBefore(data).join(' and ') || base, data };
}

/**
 * Where the latest revision gets the traffic by itself, what is put back has to be able to serve: a later one that never
 * became ready must not be it. Where traffic goes by name the template is only what the next deploy starts from.
 */
function chooseBase(state: AppState): string {
  const byName = state.mode === 'multiple' && readTraffic(state.traffic).every(({ revision }) => revision !== null);
  return (byName ? state.latestRevision : state.latestReady) || state.latestReady;
}

function cannotPromise(app: ContainerApp, why: string): DeployError {
  return new DeployError('UNSUPPORTED', `could not promise to put back what runs in ${app.resource}: ${why}`, {
    hint: 'Get one revision of it running first (az containerapp revision list), then run again.',
  });
}
