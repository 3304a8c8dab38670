import type { ArmExchange } from './azure-exchanges.ts';

interface Doctoring {
  readonly mistake: string;
  readonly operation: string;
  /** Default 200. */
  readonly status?: number;
  readonly part?: 'request' | 'answer';
  /** The first match in the body is replaced. */
  readonly from: RegExp;
  readonly to: string;
}

const app = { operation: 'ContainerApps_Get' } as const;
const revision = { operation: 'ContainerAppsRevisions_GetRevision' } as const;
const replicas = { operation: 'ContainerAppsRevisionReplicas_ListReplicas' } as const;
const status = { operation: 'OperationStatuses_Get' } as const;

const doctorings: readonly Doctoring[] = [
  { ...app, mistake: 'an unknown member deep inside', from: /"targetPort"/, to: '"targetport"' },
  { ...app, mistake: 'a number as text', from: /"targetPort":8080/, to: '"targetPort":"8080"' },
  { ...app, mistake: 'a truth value as a number', from: /"external":true/, to: '"external":1' },
  { ...app, mistake: 'a missing required member', from: /"location":"westeurope",/, to: '' },
  { ...app, mistake: 'an unknown state', from: /"provisioningState":"\w+"/, to: '"provisioningState":"Done"' },
  { ...app, mistake: 'an object for a list', from: /"traffic":\[[^\]]*\]/, to: '"traffic":{}' },
  { ...app, mistake: 'the key of an older version', from: /"revisionName"/, to: '"revision"' },
  { ...app, mistake: 'null in a list', from: /"traffic":\[/, to: '"traffic":[null,' },
  { ...app, mistake: 'a time in words', from: /"createdAt":"[^"]+"/, to: '"createdAt":"yesterday"' },
  { ...app, mistake: 'a member at the wrong level', from: /"properties":\{/, to: '"properties":{"sku":{},' },
  { ...revision, mistake: 'an unknown running state', from: /"runningState":"\w+"/, to: '"runningState":"Fine"' },
  { ...revision, mistake: 'a weight as text', from: /"trafficWeight":0/, to: '"trafficWeight":"0"' },
  { ...revision, mistake: 'a member that only previews have', from: /"active":true/, to: '"active":true,"labels":[]' },
  {
    ...replicas,
    mistake: 'an unknown state of a container',
    from: /"runningState":"Running","runningStateDetails":"","logS/,
    to: '"runningState":"Up","runningStateDetails":"","logS',
  },
  { ...replicas, mistake: 'a list without its wrapper', from: /"value":\[/, to: '"items":[' },
  { ...status, mistake: 'an unknown status of an operation', from: /"status":"\w+"/, to: '"status":"Running"' },
  { ...status, mistake: 'a failure without an error', from: /"status":"Succeeded"/, to: '"status":"Failed"' },
  {
    operation: 'ContainerApps_Update',
    status: 202,
    part: 'request',
    mistake: 'an unknown member in a request',
    from: /"revisionName"/,
    to: '"revision"',
  },
  {
    operation: 'Registries_ImportImage',
    status: 202,
    part: 'request',
    mistake: 'a missing member in a request',
    from: /"sourceImage"/,
    to: '"image"',
  },
  { operation: 'Registries_Get', mistake: 'an unknown member of a registry', from: /"loginServer"/, to: '"server"' },
  {
    operation: 'ContainerApps_Get',
    status: 404,
    mistake: 'an error without its wrapper',
    from: /"error":/,
    to: '"message":',
  },
];

export interface DoctoredExchange {
  readonly mistake: string;
  readonly exchange: ArmExchange;
}

/**
 * Copies of recorded exchanges, each with one mistake: a referee that lets one pass is worth nothing.
 * @throws Error where no exchange has what a mistake is made of.
 */
export function doctoredArmExchanges(exchanges: readonly ArmExchange[]): readonly DoctoredExchange[] {
  return [
    ...doctorings.map((doctoring) => ({ mistake: doctoring.mistake, exchange: doctor(exchanges, doctoring) })),
    { mistake: 'a status that no client takes', exchange: withStatus(exchanges, 'ContainerApps_Get', 203) },
    { mistake: 'a change without an address to follow', exchange: withoutHeader(exchanges, 'location') },
    { mistake: 'no request id', exchange: withoutHeader(exchanges, 'x-ms-request-id') },
  ];
}

function doctor(exchanges: readonly ArmExchange[], doctoring: Doctoring): ArmExchange {
  const { operation, status: wanted = 200, part = 'answer', from, to } = doctoring;
  const exchange = exchanges.find(
    (one) => one.operation === operation && one.answer.status === wanted && one[part].body.search(from) >= 0,
  );
  if (!exchange) throw new Error(`no exchange was recorded for "${doctoring.mistake}"`);
  return { ...exchange, [part]: { ...exchange[part], body: exchange[part].body.replace(from, to) } };
}

function withStatus(exchanges: readonly ArmExchange[], operation: string, code: number): ArmExchange {
  const exchange = exchanges.find((one) => one.operation === operation && one.answer.status === 200)!;
  return { ...exchange, answer: { ...exchange.answer, status: code } };
}

function withoutHeader(exchanges: readonly ArmExchange[], header: string): ArmExchange {
  const exchange = exchanges.find(({ answer }) => answer.status === 202)!;
  const { [header]: _, ...headers } = exchange.answer.headers;
  return { ...exchange, answer: { ...exchange.answer, headers } };
}
