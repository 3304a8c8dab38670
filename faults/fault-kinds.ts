import type { Call } from '../simulators/edge/calls.ts';
import type { FaultAct } from '../simulators/edge/faults.ts';
import type { RecordedCall } from './recording.ts';
import type { Stage } from './stage.ts';

/** One thing that can go wrong with one call. */
export interface FaultKind {
  readonly name: string;
  /** False: it makes no sense for this call. */
  readonly fits?: (call: RecordedCall) => boolean;
  /** `once`: only this call, so the run is expected to get over it. `lasting`: all of its name from this one on. */
  readonly lasts: 'once' | 'lasting';
  /** Returns how to end it. */
  readonly inject: (stage: Stage, call: RecordedCall) => () => void;
}

const HOST_DOWN_MS = 3_000;
const SILENCE_MS = 60_000;
const HTML = '<!DOCTYPE html>\n<html><body><h1>Sign in to the guest network</h1></body></html>';

export const FAULT_KINDS: readonly FaultKind[] = [
  { name: 'refused', lasts: 'once', inject: refuseHost },
  once('reset-before', 'before', { kind: 'drop' }),
  once('reset-after', 'after', { kind: 'drop' }),
  answered('500', 500),
  answered('503-retry-after', 503, { 'retry-after': '5' }),
  { name: 'throttled', lasts: 'once', inject: (stage, call) => add(stage, call, 'before', throttling(call)) },
  { name: '401', lasts: 'once', inject: (stage, call) => add(stage, call, 'before', unauthorized(call)) },
  { name: '403', lasts: 'lasting', inject: denyFrom },
  { ...answered('409', 409), fits: ({ mutates }) => mutates },
  { ...answered('412', 412), fits: ({ mutates }) => mutates },
  once('truncated', 'after', { kind: 'truncate' }),
  once('silence-60s', 'after', { kind: 'delay', ms: SILENCE_MS }),
  once('late-60s', 'before', { kind: 'delay', ms: SILENCE_MS }),
  bodied('{}', '{}'),
  bodied('html', HTML),
  bodied('null', 'null'),
];

function once(name: string, when: 'before' | 'after', act: FaultAct): FaultKind {
  return { name, lasts: 'once', inject: (stage, call) => add(stage, call, when, act) };
}

function answered(name: string, status: number, headers: Readonly<Record<string, string>> = {}): FaultKind {
  return {
    name,
    lasts: 'once',
    inject: (stage, call) => add(stage, call, 'before', failure(call, status, { headers, code: String(status) })),
  };
}

/** Status 200 and a body that no client can do anything with; a call that changes something takes effect. */
function bodied(name: string, body: string): FaultKind {
  const type = body === HTML ? 'text/html' : 'application/json';
  const act: FaultAct = { kind: 'status', status: 200, headers: { 'content-type': type }, body };
  return {
    name,
    lasts: 'once',
    // A HEAD has no body, and what the service itself answers is the smoke test's affair.
    fits: ({ operation }) => !/^workload:|:HEAD /.test(operation),
    inject: (stage, call) => add(stage, call, call.mutates ? 'after' : 'before', act),
  };
}

function add({ agent }: Stage, call: RecordedCall, when: 'before' | 'after', act: FaultAct): () => void {
  return agent.world.edge.faults.add({ ...callOf(call), when, act });
}

/** How a fault finds this call. */
export function callOf({ operation, nth }: RecordedCall): { readonly operation: RegExp; readonly nth: number } {
  return { operation: exactly(operation), nth };
}

/** Its host takes no connection for a while. */
function refuseHost({ agent }: Stage, { operation, nth }: RecordedCall): () => void {
  const { edge, clock } = agent.world;
  let [seen, host, until] = [0, '', 0];
  return edge.onCall((call: Call, when) => {
    if (when === 'before' && call.operation === operation && ++seen === nth) {
      [host, until] = [call.host, clock.now() + HOST_DOWN_MS];
    }
    return when === 'before' && call.host === host && clock.now() < until ? 'drop' : undefined;
  });
}

/** A permission is taken away, and does not come back. */
function denyFrom({ agent }: Stage, call: RecordedCall): () => void {
  const { edge } = agent.world;
  let allow = (): void => {};
  const deny = (): void => {
    const act = failure(call, 403, { code: '403' });
    allow = edge.faults.add({ operation: exactly(call.operation), when: 'before', act });
  };
  if (call.nth === 1) deny();
  let seen = 0;
  // The fault has to be there before the call comes.
  const stop = edge.onCall(({ operation }, when) => {
    if (when === 'before' && operation === call.operation && ++seen === call.nth - 1) deny();
  });
  return () => [stop, allow].forEach((end) => void end());
}

function throttling(call: RecordedCall): FaultAct {
  if (!isAws(call)) return failure(call, 429, { code: '429', headers: { 'retry-after': '2' } });
  return failure(call, 400, { code: 'ThrottlingException' });
}

function unauthorized(call: RecordedCall): FaultAct {
  return isAws(call) ? failure(call, 400, { code: 'ExpiredTokenException' }) : failure(call, 401, { code: '401' });
}

const AWS_CODES: Readonly<Record<string, string>> = {
  '403': 'AccessDeniedException',
  '409': 'ConflictException',
  '412': 'PreconditionFailedException',
  '500': 'ServerException',
  '503': 'ServiceUnavailableException',
};

/** An error in the words of whoever was called. */
function failure(
  call: RecordedCall,
  status: number,
  { code, headers = {} }: { readonly code: string; readonly headers?: Readonly<Record<string, string>> },
): FaultAct {
  const message = 'simulated by the fault program';
  const [service = ''] = call.operation.split(':');
  const documents: Readonly<Record<string, () => readonly [string, string]>> = {
    run: () => [
      'application/json',
      JSON.stringify({ error: { code: status, message, status: RPC[status] ?? 'UNKNOWN' } }),
    ],
    arm: () => ['application/json', JSON.stringify({ error: { code: ARM[status] ?? 'Unknown', message } })],
    kubernetes: () => ['application/json', JSON.stringify(kubernetesStatus(status, message))],
    registry: () => ['application/json', JSON.stringify({ errors: [{ code: 'UNKNOWN', message }] })],
  };
  const [type, body] = isAws(call)
    ? awsError(service, AWS_CODES[code] ?? code, message)
    : (documents[service]?.() ?? ['text/plain', message]);
  return { kind: 'status', status, headers: { 'content-type': type, ...headers }, body };
}

function kubernetesStatus(code: number, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason: STATUS[code], code };
}

const STATUS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  409: 'Conflict',
  412: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};
const RPC: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  409: 'ABORTED',
  412: 'FAILED_PRECONDITION',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};
const ARM: Readonly<Record<number, string>> = {
  401: 'ExpiredAuthenticationToken',
  403: 'AuthorizationFailed',
  409: 'ContainerAppOperationInProgress',
  412: 'PreconditionFailed',
  429: 'TooManyRequests',
  500: 'InternalServerError',
  503: 'ServiceUnavailable',
};

function awsError(service: string, code: string, message: string): readonly [string, string] {
  if (service !== 'elbv2' && service !== 'sts') {
    return ['application/x-amz-json-1.1', JSON.stringify({ __type: code, message })];
  }
  const xml = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
  return ['text/xml', xml];
}

function isAws({ operation }: RecordedCall): boolean {
  // Google has an STS too.
  return /^(?:ecs|ecr|elbv2|logs):|^sts:Get/.test(operation);
}

function exactly(operation: string): RegExp {
  return new RegExp(`^${operation.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
}
