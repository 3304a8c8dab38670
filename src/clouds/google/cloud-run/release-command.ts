import type { RunPlace } from './service.ts';
import type { TrafficEntry } from './service-document.ts';

/** Lets the traffic follow the latest revision again. */
export function formatRelease(place: RunPlace): string {
  return `${formatUpdate(place)} --to-latest`;
}

/** Takes these entries out: tags without a share are removed, and no traffic moves; a share goes where its user says. */
export function formatRemoval(place: RunPlace, entries: readonly TrafficEntry[]): string {
  const tags = entries.flatMap(({ tag }) => tag ?? []);
  const remove = tags.length > 0 ? ` --remove-tags ${tags.join(',')}` : '';
  const percent = entries.reduce((sum, entry) => sum + entry.percent, 0);
  return `${formatUpdate(place)}${remove}${percent > 0 ? ` --to-revisions REVISION=${percent}` : ''}`;
}

function formatUpdate({ project, region, service }: RunPlace): string {
  return `gcloud run services update-traffic ${service} --region ${region} --project ${project}`;
}
