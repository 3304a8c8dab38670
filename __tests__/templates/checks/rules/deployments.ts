import { type Finding, findingAt } from '../finding.ts';
import { type Entry, entryOf, type JobView, type StepView, type WorkflowView } from './workflow-view.ts';

/** What makes a deployment by this project safe to run again and again. */
export function checkDeployments(workflow: WorkflowView): readonly Finding[] {
  return [...workflow.jobs.flatMap((job) => checkJob(workflow, job)), ...checkTemplate(workflow)];
}

function checkJob(workflow: WorkflowView, job: JobView): readonly Finding[] {
  const { source } = workflow;
  const isCall = entryOf(job.entries, 'uses') !== null;
  const unlimited = !isCall && !entryOf(job.entries, 'timeout-minutes') && source.kind !== 'example';
  return [
    ...(unlimited ? [findingAt(source, job.line, 'no-time-limit', `job ${job.id} may run for six hours`)] : []),
    ...(deploys(job) ? checkDeployJob(workflow, job) : []),
  ];
}

function deploys({ steps }: JobView): boolean {
  return steps.some(isDeployment);
}

function isDeployment({ uses }: StepView): boolean {
  return /^(org\/deploy-agent@|\.\/$)/.test(String(uses?.value));
}

function checkDeployJob(
  { source, entries: top }: WorkflowView,
  { id, line, entries, steps }: JobView,
): readonly Finding[] {
  const concurrency = (entryOf(entries, 'concurrency') ?? entryOf(top, 'concurrency'))?.value as
    | Record<string, unknown>
    | undefined;
  const environment = entryOf(entries, 'environment')?.value as Record<string, unknown> | string | undefined;
  const hasUrl = typeof environment === 'object' && Boolean(environment?.['name']) && Boolean(environment?.['url']);
  const late =
    source.kind === 'template'
      ? [
          ...steps.flatMap((step) => checkImage(source, entryOf(step.with, 'image'))),
          ...steps.filter(isDeployment).flatMap((step) => checkAccount(source, step)),
        ]
      : [];
  return [
    ...(concurrency?.['cancel-in-progress'] === false
      ? []
      : [
          findingAt(
            source,
            line,
            'concurrency-limits',
            `job ${id}: two deployments must not meet, nor one cancel the other`,
          ),
        ]),
    ...(hasUrl ? [] : [findingAt(source, line, 'no-environment', `job ${id} has no environment with a url`)]),
    ...late,
  ];
}

/** A tag may have moved since it was scanned. An image that was built elsewhere is named by an input. */
function checkImage(source: WorkflowView['source'], image: Entry | null): readonly Finding[] {
  if (!image || /@\$\{\{ needs\.\w+\.outputs\.digest \}\}$|\$\{\{ inputs\.version \}\}$/.test(String(image.value)))
    return [];
  return [findingAt(source, image.line, 'deploys-a-tag', 'the digest that was built and scanned is what is deployed')];
}

/** A copied job with one line left unchanged must not deploy to the wrong place. */
function checkAccount(source: WorkflowView['source'], step: StepView): readonly Finding[] {
  const given = entryOf(step.with, 'expected-account');
  if (String(given?.value ?? '') !== '') return [];
  return [findingAt(source, step.line, 'any-account', 'the deployment has no expected-account')];
}

function checkTemplate({ source, entries, lines }: WorkflowView): readonly Finding[] {
  const named = entryOf(entries, 'name')
    ? []
    : [findingAt(source, 1, 'anonymous-definition', 'the workflow has no name')];
  if (source.kind === 'example') return [];
  if (source.kind !== 'template') return named;
  const header = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('#')),
  );
  const steps = header.flatMap((line) => /^# {3}(\d+)\. /.exec(line)?.[1] ?? []);
  const inOrder = steps.length >= 3 && steps.every((number, index) => Number(number) === index + 1);
  const numbered = inOrder
    ? []
    : [findingAt(source, 1, 'no-set-up', 'the header has to say in numbered steps how to set it up')];
  const marked = lines.some((line) => /# TODO/.test(line))
    ? []
    : [findingAt(source, 1, 'no-todo', 'nothing is marked TODO')];
  return [...named, ...numbered, ...marked];
}
