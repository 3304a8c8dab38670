import { readFile, writeFile } from 'node:fs/promises';

/**
 * Makes openapi.json of what GitHub publishes: `npm pack @octokit/openapi`, then
 * `npx node conformance/github/excerpt-openapi.ts package/generated/api.github.com.json VERSION`.
 * It keeps the operations that the action uses, what these refer to, and nothing that only explains.
 */
const OPERATIONS: readonly (readonly [path: string, ...methods: readonly string[]])[] = [
  ['/repos/{owner}/{repo}/deployments', 'get', 'post'],
  ['/repos/{owner}/{repo}/deployments/{deployment_id}/statuses', 'get', 'post'],
  ['/repos/{owner}/{repo}/compare/{basehead}', 'get'],
  ['/repos/{owner}/{repo}/issues/{issue_number}/comments', 'get', 'post'],
  ['/repos/{owner}/{repo}/issues/comments/{comment_id}', 'patch'],
  ['/repos/{owner}/{repo}/check-runs', 'post'],
  ['/repos/{owner}/{repo}/check-runs/{check_run_id}', 'patch'],
  ['/repos/{owner}/{repo}/statuses/{sha}', 'post'],
  ['/orgs/{org}/artifacts/metadata/deployment-record', 'post'],
];
/** What the guides send by gh: of these only the requests are compared. */
const REQUESTS: typeof OPERATIONS = [
  ['/repos/{owner}/{repo}', 'get'],
  ['/repos/{owner}/{repo}/actions/oidc/customization/sub', 'get'],
  ['/users/{username}', 'get'],
  ['/repos/{owner}/{repo}/environments/{environment_name}', 'put', 'delete'],
  ['/repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies', 'get', 'post'],
  ['/repos/{owner}/{repo}/environments/{environment_name}/variables', 'post'],
  ['/repos/{owner}/{repo}/environments/{environment_name}/secrets/public-key', 'get'],
  ['/repos/{owner}/{repo}/environments/{environment_name}/secrets/{secret_name}', 'put'],
  ['/repos/{owner}/{repo}/actions/variables', 'post'],
  ['/repos/{owner}/{repo}/actions/workflows/{workflow_id}', 'get'],
  ['/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches', 'post'],
];
const KEPT = ['operationId', 'parameters', 'requestBody', 'responses'];
const EXPLAINS = /^(?:description|summary|title|examples?|externalDocs|x-.*|deprecated|headers)$/;

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

const [file = '', version = ''] = process.argv.slice(2);
const published = JSON.parse(await readFile(file, 'utf8')) as JsonObject;
const paths = Object.fromEntries([...entries(OPERATIONS), ...entries(REQUESTS, { responses: {} })]);
const components: Record<string, Record<string, Json>> = { schemas: {}, parameters: {} };
collect(paths);
const info = {
  title: 'Excerpt of the OpenAPI description of GitHub’s REST API',
  version,
  license: { name: 'MIT', url: 'https://github.com/github/rest-api-description/blob/main/LICENSE.md' },
};
const excerpt = { openapi: published['openapi']!, info, paths, components };
await writeFile(new URL('openapi.json', import.meta.url), `${JSON.stringify(excerpt)}\n`);

function entries(operations: typeof OPERATIONS, instead: JsonObject = {}) {
  return operations.map(([path, ...methods]) => {
    const kept = (method: string) => ({ ...operationOf(at(published, 'paths', path, method)), ...instead });
    return [path, Object.fromEntries(methods.map((method) => [method, kept(method)]))] as const;
  });
}

/** Answers of success, as only these are compared. */
function operationOf(operation: Json): JsonObject {
  const kept = Object.entries(operation as JsonObject).filter(([name]) => KEPT.includes(name));
  const { responses, ...rest } = Object.fromEntries(kept);
  const good = Object.entries(responses as JsonObject).filter(([status]) => /^2/.test(status));
  return strip({ ...rest, responses: Object.fromEntries(good) }) as JsonObject;
}

/** A member of `properties` is a name of GitHub's, also where it is called `description`. */
function strip(value: Json, isNames = false): Json {
  if (Array.isArray(value)) return value.map((member) => strip(member));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value as JsonObject).filter(([name]) => isNames || !EXPLAINS.test(name));
  return Object.fromEntries(kept.map(([name, member]) => [name, strip(member, name === 'properties' && !isNames)]));
}

function collect(value: Json): void {
  if (Array.isArray(value)) for (const member of value) collect(member);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const [, kind, name] =
    /^#\/components\/(schemas|parameters)\/(.+)$/.exec(String((value as JsonObject)['$ref'])) ?? [];
  if (kind && name && !Object.hasOwn(components[kind]!, name)) {
    const found = strip(at(published, 'components', kind, name));
    components[kind]![name] = found;
    collect(found);
  }
  for (const member of Object.values(value)) collect(member);
}

function at(value: Json, ...names: readonly string[]): Json {
  return names.reduce<Json>((inside, name) => {
    const member = (inside as JsonObject)[name];
    if (member === undefined) throw new Error(`${names.join(' > ')} is not there`);
    return member;
  }, value);
}
