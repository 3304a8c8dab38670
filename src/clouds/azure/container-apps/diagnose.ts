import type { Replica } from '@azure/arm-appcontainers';
import { describeGap, readOptional } from '../../../io/read-optional.ts';
import type { Diagnosis } from '../../../model/diagnosis.ts';
import type { DeployError } from '../../../model/errors.ts';
import { type ContainerApp, findRevision, listReplicas } from './app.ts';
import { readChangeStatus } from './change-status.ts';
import { readConsoleLogs } from './console-log.ts';

import { findFailureHint } from './failure-hint.ts';
import type { RevisionOperation } from './operation.ts';
import { describeContainer } from './replica-trouble.ts';
import { describeState, isUp, toRevisionState } from './revision-state.ts';

const MAX_REPLICAS = 3;

/** What Azure can tell about our revision. What may not be read is named in a line of its own. */
export async function diagnoseRevision(app: ContainerApp, operation: RevisionOperation): Promise<Diagnosis> {
  const { mark, statusUrl } = operation;
  const found = await findRevision(app, mark);
  const state = found && toRevisionState(found);
  const { error } = state ? { error: null } : await readChangeStatus(app, statusUrl);
  const replicas = state ? await tryListReplicas(app, mark) : { list: [], facts: [] };
  const containers = replicas.list.slice(0, MAX_REPLICAS).flatMap(describeReplica);
  const { logs, facts } = await readConsoleLogs(app, replicas.list.slice(0, MAX_REPLICAS));
  const ownState = state ? [`revision ${state.name}: ${describeState(state)}`] : [];
  const failing = containers.filter((line) => !/: Running$/.test(line));
  const text = [error ?? '', ...ownState, ...failing, ...logs.flatMap(({ lines }) => lines.slice(-5))].join('\n');
  return {
    cause: error ?? failing[0] ?? (state && !isUp(state) ? (ownState[0] ?? null) : null),
    hint: findFailureHint(text),
    facts: [...(error === null ? [] : [error]), ...ownState, ...containers, ...replicas.facts, ...facts],
    logs,
  };
}

function describeReplica({ initContainers = [], containers = [] }: Replica): readonly string[] {
  return [...initContainers, ...containers].map(describeContainer);
}

async function tryListReplicas(app: ContainerApp, mark: string) {
  const facts: string[] = [];
  const tell = (error: DeployError): void => void facts.push(describeGap(error));
  const list = await readOptional(() => listReplicas(app, mark), { without: 'any', tell });
  return { list: list ?? [], facts };
}
