import { type Finding, findingAt } from '../finding.ts';
import { type Entry, entryOf, type JobView, type WorkflowView } from './workflow-view.ts';

const STATIC_KEYS = /^(aws-access-key-id|aws-secret-access-key|credentials_json|creds|publish-profile|kubeconfig)$/;
/** The only way to a cluster of no cloud: the ServiceAccount of one namespace, stored in one environment. */
const STORED_KUBECONFIG = /^\$\{\{ secrets\.\w+ \}\}$/;

/** Each job has only the permissions that it needs, with a reason for each; no key is stored. */
export function checkPermissions(workflow: WorkflowView): readonly Finding[] {
  return [
    ...checkTop(workflow),
    ...workflow.jobs.flatMap((job) => checkJob(workflow, job)),
    ...workflow.jobs.flatMap(({ steps }) => steps.flatMap((step) => checkStep(workflow, step))),
    ...checkSecrets(workflow),
  ];
}

function checkTop({ source, entries, permissions }: WorkflowView): readonly Finding[] {
  const top = entryOf(entries, 'permissions');
  if (top && permissions.length === 0 && typeof top.value === 'object') return [];
  return [
    findingAt(source, top?.line ?? 1, 'excessive-permissions', 'the workflow has to start from `permissions: {}`'),
  ];
}

function checkJob({ source }: WorkflowView, { id, line, entries, permissions }: JobView): readonly Finding[] {
  const own = entryOf(entries, 'permissions');
  if (!own || typeof own.value === 'string') {
    return [findingAt(source, own?.line ?? line, 'excessive-permissions', `job ${id} has to list its permissions`)];
  }
  return permissions
    .filter(({ comment }) => comment === '')
    .map(({ key, line: at }) => findingAt(source, at, 'undocumented-permissions', `${key} of job ${id} has no reason`));
}

function checkStep({ source }: WorkflowView, step: JobView['steps'][number]): readonly Finding[] {
  const uses = String(step.uses?.value ?? '');
  const isOurs = uses.startsWith('org/deploy-agent@');
  const keepsToken = uses.startsWith('actions/checkout@') && entryOf(step.with, 'persist-credentials')?.value !== false;
  return [
    ...(keepsToken
      ? [findingAt(source, step.line, 'artipacked', 'the token stays in .git: persist-credentials: false')]
      : []),
    ...step.with
      .filter(({ key }) => STATIC_KEYS.test(key))
      .filter(({ key, value }) => !(isOurs && key === 'kubeconfig' && STORED_KUBECONFIG.test(String(value))))
      .map(({ key, line }) => findingAt(source, line, 'static-credentials', `${key} is a stored key: use OIDC`)),
  ];
}

function checkSecrets({ source, lines, jobs }: WorkflowView): readonly Finding[] {
  const bulk = lines.flatMap((text, index) =>
    /(toJSON|fromJSON)\(\s*secrets\b/i.test(text)
      ? [findingAt(source, index + 1, 'overprovisioned-secrets', 'secrets as one structure are not masked one by one')]
      : [],
  );
  return [...bulk, ...jobs.flatMap((job) => checkSecretsOf(source, job))];
}

function checkSecretsOf(source: WorkflowView['source'], { id, line, entries }: JobView): readonly Finding[] {
  const inherits = entryOf(entries, 'secrets')?.value === 'inherit';
  const used = entries.some(({ value }: Entry) => /secrets\.(?!GITHUB_TOKEN)\w/.test(JSON.stringify(value)));
  const outside = used && !entryOf(entries, 'environment');
  return [
    ...(inherits ? [findingAt(source, line, 'secrets-inherit', `job ${id} hands over every secret`)] : []),
    ...(outside ? [findingAt(source, line, 'secrets-outside-env', `job ${id} uses secrets of no environment`)] : []),
  ];
}
