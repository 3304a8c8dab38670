import { readIfPossible } from '../../../io/read-optional.ts';
import type { Endpoint } from '../../../model/endpoint.ts';
import { type JsonObject, objectAt, textAt } from '../../../model/json.ts';
import { type ClusterWorkload, readObject } from '../cluster-workload.ts';
import { COPY_LABEL } from '../split/names.ts';
import { findServicePort, selectsPods } from '../split/services.ts';
import { templateOf } from '../template-hash.ts';
import { corePath } from '../workload-kind.ts';
import { insideEndpoint } from './inside-endpoint.ts';

/** Of the first Service that leads to the pods, or of the one that is named. null: there is none with a TCP port. */
export async function serviceAddress(run: ClusterWorkload, named: string | null): Promise<Endpoint | null> {
  const template = templateOf(await readObject(run));
  const labels = objectAt(template, 'metadata', 'labels');
  for (const service of await findServices(run, named)) {
    if (!selectsPods(service, labels) || textAt(service, 'metadata', 'labels', COPY_LABEL) !== '') continue;
    const port = findServicePort(service, template);
    // Every search list of a cluster completes this form, whatever its domain is.
    if (port) return insideEndpoint(`${textAt(service, 'metadata', 'name')}.${run.namespace}.svc`, port);
  }
  return null;
}

async function findServices({ api, namespace, io }: ClusterWorkload, named: string | null) {
  const path = corePath('services', namespace);
  if (named === null) return (await readIfPossible(io.log, 'the address of its Service', () => api.list(path))) ?? [];
  const found: JsonObject | null = await api.find(`${path}/${encodeURIComponent(named)}`);
  return found ? [found] : [];
}
