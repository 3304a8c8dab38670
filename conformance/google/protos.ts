import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import protobuf from 'protobufjs';
import { isObject, type Json, type JsonObject } from '../../simulators/json.ts';
import type { Tally } from '../tally.ts';
import { decode, encode } from './binary-form.ts';
import { doctor } from './doctored.ts';
import type { GoogleExchange } from './exchanges.ts';
import { findProblems, PLANTED } from './strict-message.ts';

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const WORDS = [
  ...['CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS'],
  ...['PERMISSION_DENIED', 'UNAUTHENTICATED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE'],
  ...['UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS'],
];

interface Shapes {
  /** Of a request's body; null: it has none. */
  readonly request: protobuf.Type | null;
  readonly answer: protobuf.Type;
}

/** Google's description of the API, as its client library ships it, checks the recorded exchanges. */
export async function checkWithProtos(
  tally: Tally,
  exchanges: readonly GoogleExchange[],
  operations: readonly string[],
): Promise<void> {
  const root = await loadProtos();
  await tally.check(`the protos of Cloud Run describe every member of ${exchanges.length} exchanges`, async () => {
    const problems = exchanges.flatMap((exchange) => checkExchange(root, exchange));
    assert.deepEqual([...new Set(problems)], []);
    const seen = new Set(exchanges.map(({ operation }) => operation));
    assert.deepEqual(
      operations.filter((operation) => !seen.has(operation)),
      [],
    );
    const sent = JSON.stringify(exchanges.map(({ answer }) => answer));
    assert.deepEqual(
      PLANTED.filter((name) => !sent.includes(name)),
      [],
    );
    return `${seen.size} operations`;
  });
  await tally.check(
    'they keep every member of a response in their binary form and back, except the planted ones',
    async () => {
      const good = exchanges.filter(({ status }) => status < 400);
      for (const { operation, answer } of good) {
        const { answer: type } = shapesOf(root, operation);
        assert.deepEqual(comparable(decode(type, encode(type, answer))), comparable(answer));
      }
      return `${good.length} answers`;
    },
  );
  const doctored = doctor(exchanges);
  await tally.check(`they find each of ${doctored.length} planted errors`, async () => {
    const missed = doctored.filter(({ exchange }) => checkExchange(root, exchange).length === 0);
    assert.deepEqual(
      missed.map(({ mistake }) => mistake),
      [],
    );
    return undefined;
  });
}

function checkExchange(root: protobuf.Root, { operation, request, status, answer }: GoogleExchange): string[] {
  const shapes = shapesOf(root, operation);
  const name = (problem: string): string => `${operation}: ${problem}`;
  const asked = shapes.request && Object.keys(request).length > 0 ? findProblems(shapes.request, request, false) : [];
  if (status >= 400) return [...checkError(root, status, answer)].map(name);
  return [...asked, ...findProblems(shapes.answer, answer, true)].map(name);
}

/** The error document of all Google APIs: https://cloud.google.com/apis/design/errors */
function checkError(root: protobuf.Root, status: number, answer: JsonObject): string[] {
  const { error, ...others } = answer;
  if (!isObject(error) || Object.keys(others).length > 0) return ['the error document is not one'];
  const { code, message, status: word, details = [], ...more } = error;
  const problems = Object.keys(more).map((member) => `error.${member} is unknown`);
  if (code !== status) problems.push('error.code is not the status');
  if (typeof message !== 'string' || message === '') problems.push('error.message is missing');
  if (!WORDS.includes(String(word))) problems.push('error.status is no word of google.rpc.Code');
  for (const detail of details as readonly Json[]) {
    problems.push(...findProblems(root.lookupType('google.protobuf.Any'), detail, true));
  }
  return problems;
}

function shapesOf(root: protobuf.Root, operation: string): Shapes {
  const services = ['google.cloud.run.v2.Services', 'google.cloud.run.v2.Revisions', 'google.longrunning.Operations'];
  const methods = services.map((service) => root.lookupService(service).methods[operation]);
  const method = methods.find((found) => found !== undefined);
  method?.resolve();
  if (!method?.resolvedRequestType || !method.resolvedResponseType) throw new Error(`no proto has ${operation}`);
  const isOfService = ['CreateService', 'UpdateService'].includes(operation);
  const hasBody = isOfService || ['TestIamPermissions', 'WaitOperation'].includes(operation);
  const request = isOfService ? root.lookupType('google.cloud.run.v2.Service') : method.resolvedRequestType;
  return { request: hasBody ? request : null, answer: method.resolvedResponseType };
}

/** Not the simulator's own reading of it, and the details of errors as google-gax has them. */
async function loadProtos(): Promise<protobuf.Root> {
  const require = createRequire(import.meta.url);
  const root = protobuf.Root.fromJSON(require('@google-cloud/run/build/protos/protos.json') as protobuf.INamespace);
  const file = path.join(path.dirname(require.resolve('google-gax')), '../protos/status.json');
  const { nested = {} } = JSON.parse(await readFile(file, 'utf8')) as protobuf.INamespace;
  const rpc = (nested['google'] as protobuf.INamespace).nested?.['rpc'] as protobuf.INamespace;
  root.define('google.rpc').addJSON({ ErrorInfo: rpc.nested?.['ErrorInfo'] as protobuf.IType });
  root.resolveAll();
  return root;
}

/** Without what was planted, without digits of times that say nothing, and without the empty maps that the decoder makes. */
function comparable(answer: JsonObject): JsonObject {
  const isLeftOut = (name: string, member: unknown): boolean =>
    PLANTED.includes(name) || (['labels', 'annotations'].includes(name) && JSON.stringify(member) === '{}');
  const text = JSON.stringify(answer, (name, member: unknown) => (isLeftOut(name, member) ? undefined : member));
  return JSON.parse(text.replace(/(:\d\d\.\d{3})000Z"/g, '$1Z"')) as JsonObject;
}
