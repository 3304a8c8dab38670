import { type OptionalReader, readIfAllowed } from '../../../io/read-optional.ts';
import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, listAt, objectAt, textAt } from '../../../model/json.ts';
import { readObject } from '../cluster-workload.ts';
import { type OwnershipRecord, ownershipSchema } from '../managed-fields.ts';
import { MANAGER } from '../rollout-annotation.ts';
import { readStatus } from '../rollout-status.ts';
import { templateOf } from '../template-hash.ts';
import { corePath } from '../workload-kind.ts';
import { COPY_LABEL } from './names.ts';
import { routePath } from './route-kind.ts';
import { readSavedRules } from './route-weights.ts';
import { defaultOverlapMs, findPodPort, findUncontrollable, type PodPort, selectsPods } from './services.ts';
import type { SplitData } from './split-data.ts';
import { isOwn, type SplitWorkload, servicePath } from './split-workload.ts';

/** What the traffic of a Deployment comes through. */
export interface Site {
  readonly data: SplitData;
  /** How many pods the Deployment is to have. */
  readonly replicas: number;
  /** Where a pod answers, so that it can be tested; null: the Service doesn't tell. */
  readonly port: PodPort | null;
}

/** Why its traffic can't be split, and what would change that, in the imperative. */
export interface Lack {
  readonly why: string;
  readonly remedy: string;
}

/** Read by whoever opens the workload or captures its state. @throws DeployError NOT_FOUND for a Service or route that is named */
export async function findSite(split: SplitWorkload): Promise<Site | Lack> {
  const { run, settings } = split;
  const web = await readObject(run);
  const services = await findServices(split, web);
  if (services === null) {
    return { why: 'its Services may not be read', remedy: 'Name its Service with `service`, and let the Role read it' };
  }
  const { foreign, hadPreview } = await findTaken(split);
  const lack = foreign ?? findLack(services);
  if (lack) return lack;
  const [first] = services as readonly [JsonObject, ...JsonObject[]];
  const route = settings.route ? await readRoute(split, services) : null;
  if (route && 'why' in route) return route;
  return {
    data: {
      services: services.map((service) => ({
        name: textAt(service, 'metadata', 'name'),
        taken: ownersOf(service, 'selector'),
      })),
      route,
      overlapMs: settings.overlapMs ?? Math.max(...services.map(defaultOverlapMs)),
      hadPreview,
    },
    replicas: readStatus(web, run.kind).desired,
    port: findPodPort(first, templateOf(web)),
  };
}

/** null: they may not be read. */
async function findServices(split: SplitWorkload, web: JsonObject): Promise<readonly JsonObject[] | null> {
  const { run, settings } = split;
  const { api, namespace } = run;
  const reader: OptionalReader = { io: run.io, warned: run.said };
  const labels = objectAt(templateOf(web), 'metadata', 'labels');
  if (settings.service === null) {
    const read = () => api.list(corePath('services', namespace));
    const found = await readIfAllowed(reader, 'canary and blue-green', read);
    return found?.filter((service) => selectsPods(service, labels) && !isOurs(service)) ?? null;
  }
  const found = await api.find(servicePath(run, settings.service));
  if (!found) throw notThere(`service ${settings.service}`, run.namespace, 'service');
  if (selectsPods(found, labels)) return [found];
  const message = `could not split the traffic of ${run.resource}: the selector of service ${settings.service} doesn't match its pods`;
  throw new DeployError('INPUT_INVALID', message, { hint: 'Correct the input `service`, or leave it out.' });
}

function isOurs(service: JsonObject): boolean {
  return textAt(service, 'metadata', 'labels', COPY_LABEL) !== '';
}

function findLack(services: readonly JsonObject[]): Lack | null {
  if (services.length === 0) {
    const remedy =
      'Give it a Service whose selector matches its pods, as the traffic of pods without one can’t be held back';
    return { why: 'no Service selects its pods', remedy };
  }
  const why = services.map(findUncontrollable).find((found) => found !== null);
  return why ? { why, remedy: 'Set publishNotReadyAddresses of that Service to false' } : null;
}

interface Taken {
  /** The name is taken by someone else. */
  readonly foreign: Lack | null;
  readonly hadPreview: boolean;
}

async function findTaken({ run, copy, settings }: SplitWorkload): Promise<Taken> {
  const reader: OptionalReader = { io: run.io, warned: run.said };
  const paths = { deployment: copy.path, ...(settings.route ? { service: copy.servicePath } : {}) };
  let hadPreview = false;
  for (const [kind, path] of Object.entries(paths)) {
    const found = await readIfAllowed(reader, 'canary and blue-green', () => run.api.find(path));
    if (!found) continue;
    if (isOwn(found, copy.label)) {
      hadPreview ||= kind === 'deployment';
      continue;
    }
    const why = `there is a ${kind} ${copy.name} that deploy-agent did not make`;
    const remedy = `Rename or delete ${kind} ${copy.name}, as a canary of this Deployment gets its name`;
    return { foreign: { why, remedy }, hadPreview };
  }
  return { foreign: null, hadPreview };
}

async function readRoute(split: SplitWorkload, services: readonly JsonObject[]): Promise<SplitData['route'] | Lack> {
  const { run, copy, settings } = split;
  const { kind, name } = settings.route!;
  const route = await run.api.find(routePath(kind, run.namespace, name));
  if (!route) throw notThere(`${kind.title} ${name}`, run.namespace, 'route');
  for (const service of services) {
    const stable = textAt(service, 'metadata', 'name');
    const saved = readSavedRules(route, { kind, namespace: run.namespace, stable, copy: copy.name });
    if (saved.length === 0) continue;
    const rules = saved.map(({ rule, weights }) => ({ rule, weights: [...weights] }));
    return { kind: kind.word, name, stable, saved: rules, taken: ownersOf(route, kind.rules) };
  }
  const names = services.map((service) => textAt(service, 'metadata', 'name')).join(' or ');
  return {
    why: `no rule of ${kind.title} ${name} sends to service ${names}`,
    remedy: 'Correct the input `route`, or leave it out to split the traffic by the number of pods',
  };
}

/** Whose a member of the spec is, among field managers: a change of ours takes it from them, also where it is undone. */
function ownersOf(object: JsonObject, member: string): OwnershipRecord['taken'] {
  const owners = listAt(object, 'metadata', 'managedFields').flatMap((entry) => {
    const below = objectAt(entry, 'fieldsV1', 'f:spec')[`f:${member}`];
    if (below === undefined || textAt(entry, 'manager') === MANAGER) return [];
    return [{ ...entry, fieldsV1: { 'f:spec': { [`f:${member}`]: below } } }];
  });
  return ownershipSchema.shape.taken.safeParse(owners).data ?? [];
}

function notThere(what: string, namespace: string, input: string): DeployError {
  const message = `could not find ${what} in namespace ${namespace}: it does not exist`;
  return new DeployError('NOT_FOUND', message, { hint: `Correct the input \`${input}\`, or leave it out.` });
}
