import { type JsonObject, objectAt, textAt } from '../json.ts';
import { labelsOf, nameOf, withMetadata } from './object.ts';

/** A Job finds its pods by a label with its own uid, which the API server adds. */
export function withJobLabels(job: JsonObject): JsonObject {
  if (objectAt(job, 'spec')['manualSelector'] === true) return job;
  const uid = textAt(job, 'metadata', 'uid');
  const template = objectAt(job, 'spec', 'template');
  const own = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': nameOf(job),
    'controller-uid': uid,
    'job-name': nameOf(job),
  };
  const labelled = withMetadata(template, { labels: { ...labelsOf(template), ...own } });
  const selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
  return { ...job, spec: { ...objectAt(job, 'spec'), selector, template: labelled } };
}
