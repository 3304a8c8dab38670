import { readIfPossible } from '../../../io/read-optional.ts';
import type { JsonObject } from '../../../model/json.ts';
import { superseded } from '../../../model/superseded.ts';
import type { Change, ChangeMark, Goal, Observation, Operation, RestorePoint } from '../../../model/workload.ts';
import { openWholeLooks } from '../../whole-looks.ts';
import { changeService } from './change-service.ts';
import { labelsOfRun, withLabels } from './labels.ts';
import { type Asked, describeLatest, isNamed, observeRollout } from './observe.ts';
import { lastTraffic, oursOf } from './our-part.ts';
import { type Prepared, prepareChange } from './plan.ts';
import { parseRestoreData } from './restore-data.ts';
import { hashTemplate } from './revision-name.ts';
import { readyAfterMs } from './revision-state.ts';
import type { RunService } from './service.ts';
import { formatShares, type TrafficEntry, templateOf, toTargets, wantedTraffic } from './service-document.ts';
import { readRevisionDocument, readService, type ServiceUpdate } from './service-wire.ts';
import { isAllOurs, isAsAsked, isSameTraffic, keepingTags, type Ours, withOurs } from './traffic-table.ts';

/** One change of the service by this process. */
export interface RunRollout {
  prepare(change: Change): Promise<ChangeMark>;
  deploy(mark: ChangeMark, point: RestorePoint, takeTraffic: boolean): Promise<void>;
  findOperation(mark: ChangeMark, point: RestorePoint): Promise<Operation | null>;
  setWeight(operation: Operation, percent: number, point: RestorePoint): Promise<Operation>;
  finish(operation: Operation, point: RestorePoint): Promise<Operation>;
  observe(operation: Operation): Promise<Observation>;
  /** The tag of our revision. */
  tag(operation: Operation): string | null;
}

export function openRollout(run: RunService): RunRollout {
  const looks = openWholeLooks(run.io.clock);
  let prepared: Prepared | null = null;
  let asked: Asked | null = null;

  async function move(operation: Operation, goal: Goal, traffic: readonly TrafficEntry[]): Promise<Operation> {
    const before = ensureAsked(asked);
    // A repetition of what was asked already is compared with that, not with what was asked before it.
    const sent = await changeService(run, (service) => decideMove(run, service, { before, traffic }));
    asked = { ours: before.ours, traffic, sent, isOver: false };
    return towards(goal, { ...operation, id: sent.operation || operation.id });
  }

  return {
    async prepare(change) {
      prepared = await prepareChange(run, change);
      return prepared.mark;
    },
    async deploy(mark, point, takeTraffic) {
      if (prepared?.mark !== mark) throw new TypeError(`${mark} was not prepared`);
      const { template } = prepared;
      const ours = oursOf(run, mark, parseRestoreData(point, run));
      const traffic = planFirstTraffic(run, point, { ours, takeTraffic });
      const decide = (service: JsonObject): ServiceUpdate | null =>
        decideDeploy(run, service, { mark, template, traffic, point });
      asked = { ours, traffic, sent: await changeService(run, decide), isOver: false };
    },
    async findOperation(mark, point) {
      const service = await readService(run);
      if (!isNamed(service, mark)) return null;
      const ours: Operation = { id: asked?.sent.operation || mark, mark, goal: { kind: 'up' }, revision: mark };
      const usualMs = await findUsualMs(run, parseRestoreData(point, run).back);
      return usualMs === null ? ours : { ...ours, usualMs };
    },
    async setWeight(operation, percent, point) {
      const { serves } = parseRestoreData(point, run);
      const { ours, traffic } = ensureAsked(asked);
      // `rolling` was sent with it, in the user's own form already.
      if (percent === 100 && isAllOurs(traffic, ours)) return towards({ kind: 'weight', percent }, operation);
      return await move(operation, { kind: 'weight', percent }, withOurs(serves, ours, percent));
    },
    async finish(operation, point) {
      const { ours } = ensureAsked(asked);
      return await move(operation, { kind: 'finished' }, lastTraffic(parseRestoreData(point, run), ours));
    },
    observe: (operation) => observeRollout(run, operation, { asked: ensureAsked(asked), looks }),
    tag: () => asked?.ours.tag ?? null,
  };
}

/** The usual time is that of a revision's start, which moving traffic is not. */
function towards(goal: Goal, { id, mark, revision }: Operation): Operation {
  return { id, mark, goal, revision };
}

/** How long the revision that serves took to become ready; null: Google doesn't say. It only helps. */
async function findUsualMs(run: RunService, serving: string): Promise<number | null> {
  const loss = 'knowing how long it took to start';
  const document = await readIfPossible(run.io.log, loss, () => readRevisionDocument(run, serving));
  return document && readyAfterMs(document);
}

function ensureAsked(asked: Asked | null): Asked {
  if (asked) return asked;
  throw new TypeError('nothing was deployed yet');
}

/** With no traffic: what serves, by name, and ours beside it. Otherwise the user's own form, with everything on ours. */
function planFirstTraffic(
  run: RunService,
  point: RestorePoint,
  { ours, takeTraffic }: { readonly ours: Ours; readonly takeTraffic: boolean },
): readonly TrafficEntry[] {
  const data = parseRestoreData(point, run);
  return takeTraffic ? lastTraffic(data, ours) : withOurs(data.serves, ours, 0);
}

interface DeployPlan {
  readonly mark: ChangeMark;
  readonly template: JsonObject | null;
  readonly traffic: readonly TrafficEntry[];
  readonly point: RestorePoint;
}

/**
 * null: an earlier request, whose answer was lost, has done it.
 * @throws DeployError SUPERSEDED when template or traffic are no longer as they were noted down
 */
function decideDeploy(run: RunService, service: JsonObject, plan: DeployPlan): ServiceUpdate | null {
  const data = parseRestoreData(plan.point, run);
  const ours = oursOf(run, plan.mark, data);
  const current = wantedTraffic(service);
  const hasTraffic = isAsAsked(plan.traffic, current, ours);
  if (isNamed(service, plan.mark) && hasTraffic) return null;
  const isAsNoted = hashTemplate(templateOf(service)) === data.template && isSameTraffic(current, data.wanted);
  if (!isAsNoted)
    throw superseded(
      `could not go on with ${run.resource}: ${describeLatest(service)} was deployed meanwhile, or its traffic changed`,
    );
  return {
    ...(plan.template ? { template: plan.template } : {}),
    // Traffic that follows the latest anyway is not mentioned: no entry at all is the user's own form too.
    ...(hasTraffic ? {} : { traffic: toTargets(plan.traffic, service) }),
    labels: withLabels(service, labelsOfRun(run.io)),
  };
}

/** null: it is so already. @throws DeployError SUPERSEDED when the service is not as our last request left it */
function decideMove(
  run: RunService,
  service: JsonObject,
  { before, traffic }: { readonly before: Asked; readonly traffic: readonly TrafficEntry[] },
): ServiceUpdate | null {
  const current = wantedTraffic(service);
  const { ours } = before;
  if (!isNamed(service, ours.revision)) {
    throw superseded(
      `could not go on with ${run.resource}: ${describeLatest(service)} was deployed after ${ours.revision}`,
    );
  }
  if (isAsAsked(traffic, current, ours)) return null;
  if (!isAsAsked(before.traffic, current, ours)) {
    throw superseded(
      `could not go on with ${run.resource}: somebody else changed the traffic to ${formatShares(current)}`,
    );
  }
  return { traffic: toTargets(keepingTags(traffic, current, ours), service) };
}
