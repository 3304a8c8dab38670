import { readFileSync } from 'node:fs';
import { Ajv, type AnySchema, type ValidateFunction } from 'ajv';

/** A request to GitHub's REST API, and what was answered. */
export interface GitHubExchange {
  readonly method: string;
  /** Below the API's base: `/repos/acme/agent/deployments`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly status: number;
  readonly answer: unknown;
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required?: boolean;
  readonly schema: object;
}
type Referable<T> = T | { readonly $ref: string };
type Content = { readonly content: Readonly<Record<string, { readonly schema: AnySchema }>> };
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly Referable<Parameter>[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Partial<Content>>>;
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly parameters: Readonly<Record<string, Parameter>> };
}

/** GitHub lists null in no `enum`, and answers with it where the member is `nullable`, which ajv knows beside a `type` only. */
function withNull(_name: string, value: unknown): unknown {
  const isNullable = typeof value === 'object' && value !== null && 'nullable' in value && value.nullable === true;
  if (!isNullable) return value;
  if ('enum' in value && Array.isArray(value.enum)) return { ...value, enum: [...value.enum, null] };
  const { nullable: _, ...rest } = value;
  return 'type' in value ? value : { anyOf: [rest, { enum: [null] }] };
}

const description: Description = JSON.parse(readFileSync(new URL('openapi.json', import.meta.url), 'utf8'), withNull);
// OpenAPI 3.0 is no JSON Schema of its own: `nullable` is ajv's, other words of it say nothing about what is valid.
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, coerceTypes: false }).addSchema(
  description,
  'github',
);
const compiled = new Map<string, ValidateFunction>();

/** What of it is not as GitHub's description of its API says; empty: nothing. Of a refusal only the request is checked. */
export function checkExchange(exchange: GitHubExchange): readonly string[] {
  const found = findOperation(exchange);
  if (!found) return [`${exchange.method} ${exchange.path}: no such operation`];
  const { operation, pointer } = found;
  const request = operation.requestBody
    ? validate(
        `${pointer}/requestBody/content/application~1json/schema`,
        exchange.body,
        `${operation.operationId}: request`,
      )
    : [];
  const isRefused = exchange.status >= 400;
  if (isRefused) return [...request, ...checkQuery(operation, exchange)];
  if (!Object.hasOwn(operation.responses, String(exchange.status))) {
    return [`${operation.operationId}: status ${exchange.status} is none of it`];
  }
  const at = `${pointer}/responses/${exchange.status}/content/application~1json/schema`;
  return [
    ...request,
    ...checkQuery(operation, exchange),
    ...validate(at, exchange.answer, `${operation.operationId}: answer`),
  ];
}

function findOperation({ method, path }: GitHubExchange) {
  for (const [template, operations] of Object.entries(description.paths)) {
    const pattern = new RegExp(`^${template.replace(/\{[^}]*\}/g, '[^/]+')}$`);
    const operation = operations[method.toLowerCase()];
    if (!operation || !pattern.test(path)) continue;
    const name = encodeURIComponent(template.replaceAll('~', '~0').replaceAll('/', '~1'));
    return { operation, pointer: `github#/paths/${name}/${method.toLowerCase()}` };
  }
  return null;
}

function checkQuery({ operationId, parameters }: Operation, { query }: GitHubExchange): readonly string[] {
  const all = parameters.map((one) =>
    '$ref' in one ? description.components.parameters[one.$ref.split('/').at(-1)!]! : one,
  );
  const known = new Set(all.filter((one) => one.in === 'query').map(({ name }) => name));
  return [...query.keys()].filter((name) => !known.has(name)).map((name) => `${operationId}: no parameter ${name}`);
}

function validate(ref: string, value: unknown, what: string): readonly string[] {
  const check = compiled.get(ref) ?? ajv.compile({ $ref: ref });
  compiled.set(ref, check);
  check(value);
  return (check.errors ?? []).map(({ instancePath, message }) => `${what}${instancePath}: ${message}`);
}
