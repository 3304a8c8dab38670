import { describeGap, readOptional } from '../../../io/read-optional.ts';
import type { Diagnosis } from '../../../model/diagnosis.ts';
import type { DeployError } from '../../../model/errors.ts';
import type { Operation } from '../../../model/workload.ts';
import { hintForReason } from './condition-hints.ts';
import { readLastLines } from './container-log.ts';
import { describeConditions, findRevisionFailure, type RevisionTrouble } from './revision-state.ts';
import type { RunService } from './service.ts';
import { effectiveTraffic, formatShares, progressOf } from './service-document.ts';
import { readService } from './service-wire.ts';
import { getRevision, type Revision } from './typed-calls.ts';

/** What Google can tell about our revision. What may not be read is named in a line of its own. */
export async function diagnoseRollout(run: RunService, { revision: name }: Operation): Promise<Diagnosis> {
  const service = await readService(run);
  const { state, reason, message } = progressOf(service);
  const { revision, facts } = await findRevision(run, name);
  const trouble = revision && findRevisionFailure(revision);
  const isServiceWrong = state === 'CONDITION_FAILED';
  const log = revision ? await findLastLines(run, name) : { lines: [], gap: null };
  return {
    cause: trouble ? `${trouble.reason || 'not ready'}: ${trouble.message}` : isServiceWrong ? message : null,
    hint: hintForReason(trouble?.reason ?? '') ?? (isServiceWrong ? hintForReason(reason) : null),
    facts: [
      ...facts,
      ...(revision ? describeConditions(revision) : []),
      ...(isServiceWrong && !repeats(message, trouble) ? message.split('\n').slice(0, 3) : []),
      `traffic: ${formatShares(effectiveTraffic(service))}`,
      ...(log.gap === null ? [] : [log.gap]),
      ...(revision?.logUri ? [`logs of ${name}: ${revision.logUri}`] : []),
    ],
    logs: log.lines.length > 0 ? [{ source: name, lines: log.lines }] : [],
  };
}

/** The service says what its revision says. */
function repeats(message: string, trouble: RevisionTrouble | null): boolean {
  return trouble !== null && trouble.message !== '' && message.includes(trouble.message);
}

/** Who deploys need not be allowed to read logs: then the link has to do. */
async function findLastLines(run: RunService, name: string) {
  let gap: string | null = null;
  const tell = (error: DeployError): void => {
    gap = describeGap(error);
  };
  const lines = (await readOptional(() => readLastLines(run, name), { without: 'any', tell })) ?? [];
  return { lines, gap };
}

async function findRevision(
  run: RunService,
  name: string,
): Promise<{ readonly revision: Revision | null; readonly facts: readonly string[] }> {
  const facts: string[] = [];
  const tell = (error: DeployError): void => void facts.push(describeGap(error));
  const revision = await readOptional(() => getRevision(run, name), { without: 'any', tell });
  return { revision, facts };
}
