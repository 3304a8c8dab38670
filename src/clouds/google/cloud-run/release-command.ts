import type { RunPlace } from './service.ts';

/** Lets the traffic follow the latest revision again. */
export function formatRelease({ project, region, service }: RunPlace): string {
  return `gcloud run services update-traffic ${service} --region ${region} --project ${project} --to-latest`;
}
