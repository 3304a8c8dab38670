import { ContainerAppsAPIClient } from '@azure/arm-appcontainers';
import { createHttpHeaders, createPipelineRequest, RestError } from '@azure/core-rest-pipeline';
import type { Io } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';
import { isJsonObject, type JsonObject, textAt, tryParseJson } from '../../model/json.ts';
import { describeBody, ensureOneOf, WrongAnswer } from '../../model/wrong-answer.ts';
import { type AzureCall, explainErrors } from './errors.ts';
import { openPipelineHttp, RETRIES } from './pipeline-http.ts';
import { ARM_SCOPE, authenticate, noCredential, type Tokens } from './tokens.ts';

const HOST = 'management.azure.com';
const ORIGIN = `https://${HOST}`;
/** The version that the client of this release speaks: an older one would hide fields from us that are there. */
const API_VERSION = '2026-07-01';

export interface ArmRequest extends AzureCall {
  readonly method: 'GET' | 'PATCH' | 'POST';
  /** Below https://management.azure.com, without `api-version`. */
  readonly path: string;
  readonly body?: JsonObject;
}

export interface ArmAnswer {
  readonly body: JsonObject;
  /** Where ARM shows the progress of a change that it accepted; null: it names no address. */
  readonly operationUrl: string | null;
}

/** Azure Resource Manager as one client speaks to it. */
export interface ResourceManager {
  readonly subscription: string;
  /** Only for documents that we do not send back: see `send`. */
  readonly client: ContainerAppsAPIClient;
  /**
   * The document as it is on the wire, through the same client's pipeline (login, retries, headers). The typed client
   * drops every field that its version does not know, on reading and on writing (measured with 4.0.0), and as a merge
   * patch replaces arrays whole, a field that is dropped inside of `containers` would be gone from the live app.
   * @throws DeployError as `explainErrors`
   */
  send(request: ArmRequest): Promise<ArmAnswer>;
  /** A status document, by the address that ARM gave. */
  follow(url: string, call: AzureCall): Promise<JsonObject>;
}

export function openResourceManager(
  { subscription, tokens }: { readonly subscription: string; readonly tokens: Tokens },
  io: Io,
): ResourceManager {
  const httpClient = openPipelineHttp(io);
  const client = new ContainerAppsAPIClient(noCredential, subscription, { httpClient, retryOptions: RETRIES });
  authenticate(client.pipeline, tokens, ARM_SCOPE);
  const request = async (url: string, given: Omit<ArmRequest, 'path'>): Promise<ArmAnswer> => {
    const { method, body, signal } = given;
    const sent = createPipelineRequest({
      method,
      url,
      headers: createHttpHeaders({
        accept: 'application/json',
        ...(body ? { 'content-type': 'application/json' } : {}),
      }),
      ...(body ? { body: JSON.stringify(body) } : {}),
      ...(signal ? { abortSignal: signal } : {}),
    });
    const response = await client.pipeline.sendRequest(httpClient, sent);
    const answer = parse(response.bodyAsText ?? '');
    if (response.status >= 400) throw refusal(response.status, answer);
    // Of a change that is answered at once, the body is what was changed.
    if (method === 'PATCH' && response.status === 200) ensureOneOf(answer, ['id'], HOST);
    return { body: answer, operationUrl: response.headers.get('azure-asyncoperation') ?? null };
  };
  return {
    subscription,
    client,
    send: ({ path, ...rest }) =>
      explainErrors(rest, () => request(`${ORIGIN}${path}?api-version=${API_VERSION}`, rest)),
    async follow(url, call) {
      // Our token goes with it.
      if (URL.parse(url)?.origin !== ORIGIN) throw otherHost(url);
      return (await explainErrors(call, () => request(url, { ...call, method: 'GET' }))).body;
    },
  };
}

function parse(text: string): JsonObject {
  if (text.trim() === '') return {};
  const answer = tryParseJson(text);
  if (isJsonObject(answer)) return answer;
  throw new WrongAnswer(describeBody(text), HOST);
}

function refusal(statusCode: number, answer: JsonObject): RestError {
  // Resource Manager has it below `error`, some of its gateways have it at the top.
  const message = textAt(answer, 'error', 'message') || textAt(answer, 'message') || `status ${statusCode}`;
  const code = textAt(answer, 'error', 'code') || textAt(answer, 'code') || `HTTP${statusCode}`;
  return new RestError(message, { code, statusCode });
}

function otherHost(url: string): DeployError {
  const host = URL.parse(url)?.host ?? 'no host';
  return new DeployError('NETWORK', `could not follow the change: its status address is at ${host}`, {
    hint: 'Check what answers for management.azure.com between the runner and Azure (a proxy).',
  });
}
