import type { Endpoint } from '../model/endpoint.ts';
import type { RunRecord } from '../model/outcome.ts';
import type { Workload } from '../model/workload.ts';

interface FoundService {
  readonly workload: Workload;
  readonly endpoint: Endpoint | null;
}

/** What every report says about the service, however the run ends. */
export function noteService(record: RunRecord, { workload, endpoint }: FoundService): void {
  const { resource, consoleUrl, logs } = workload;
  Object.assign(record, { resource, consoleUrl, logs, url: endpoint?.url ?? null });
}
