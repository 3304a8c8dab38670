import { isGreen, type Outcome, type Phase, type RunRecord } from '../../model/outcome.ts';
import { visible } from '../../model/visible.ts';
import type { Evidence } from '../../report/evidence.ts';
import { headline } from '../../report/headline.ts';
import { ROLLBACK, trafficSpans } from '../../report/traffic-spans.ts';
import { cutText } from '../message.ts';

export type Attributes = Readonly<Record<string, string | number | boolean | string[]>>;

/** A part of a deployment with its times in milliseconds since 1970. */
export interface Span {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly attributes: Attributes;
  /** null: it did not fail. '': it failed. */
  readonly error: string | null;
}

/** The whole deployment, and its parts. */
export interface Trace {
  /** Of the service, so that a deployment is found beside the service's own traces. */
  readonly resource: Attributes;
  readonly root: Span;
  readonly children: readonly Span[];
}

/** What the runner says, which a report does not have. */
export type RunnerNames = Readonly<Record<'workflow' | 'job' | 'runId', string | null>>;

const LONGEST_TEXT = 2_000;
const MOST_SPANS = 500;

/**
 * A deployment as a trace. Names of attributes are those of the semantic conventions where there is one
 * (https://opentelemetry.io/docs/specs/semconv/registry/attributes); ours start with `deploy_agent.`.
 */
export function traceOf(evidence: Evidence, names: RunnerNames): Trace {
  const { outcome, record, run } = evidence;
  const to = record.finishedAt ?? record.startedAt;
  const root = {
    ...{ name: cut(`deploy ${run.requested.name ?? ''}`.trim()), from: record.startedAt, to },
    attributes: known({ ...pipelineOf(evidence, names), ...sourceOf(evidence), ...deploymentOf(evidence) }),
    error: isGreen(outcome)
      ? null
      : cut(outcome.rollback?.failure.message ?? outcome.failure?.message ?? headline(evidence)),
  };
  const resource = known({
    'service.name': run.requested.name ?? 'deploy-agent',
    'service.version': run.commit,
    'deployment.environment.name': run.environment,
  });
  return { resource, root, children: [...phaseSpans(outcome, record), ...sharesOf(record)].slice(0, MOST_SPANS) };
}

type Values = Readonly<Record<string, string | number | boolean | string[] | null>>;

function pipelineOf({ outcome, run }: Evidence, { workflow, job, runId }: RunnerNames): Values {
  return {
    'cicd.pipeline.name': workflow,
    'cicd.pipeline.run.id': runId,
    'cicd.pipeline.run.url.full': run.runUrl,
    'cicd.pipeline.task.name': job,
    'cicd.pipeline.task.type': 'deploy',
    'cicd.pipeline.task.run.result': resultOf(outcome),
    'error.type': outcome.rollback?.failure.code ?? outcome.failure?.code ?? null,
  };
}

function resultOf(outcome: Outcome): string {
  if (isGreen(outcome)) return 'success';
  if (outcome.failure?.code === 'CANCELLED') return 'cancellation';
  return outcome.failure?.code === 'TIMEOUT' ? 'timeout' : 'failure';
}

function sourceOf({ run }: Evidence): Values {
  const [owner = null, name = null] = run.repository?.split('/') ?? [];
  return {
    'vcs.provider.name': run.repository === null ? null : 'github',
    'vcs.owner.name': owner,
    'vcs.repository.name': name,
    'vcs.repository.url.full': run.repositoryUrl,
    'vcs.ref.head.name': run.ref,
    'vcs.ref.head.revision': run.commit,
  };
}

function deploymentOf({ outcome, record, run }: Evidence): Values {
  const image = record.image?.split('@')[0] ?? null;
  return {
    'deployment.id': record.deployment,
    'deployment.name': record.resource,
    'deployment.environment.name': run.environment,
    'deployment.status': isGreen(outcome) ? 'succeeded' : 'failed',
    'container.image.name': image,
    'container.image.repo_digests': record.image === null ? null : [record.image],
    'deploy_agent.outcome': outcome.kind,
    'deploy_agent.actor': run.actor,
    'deploy_agent.revision': outcome.revision,
    'deploy_agent.previous_revision': outcome.previousRevision,
    'deploy_agent.smoke_tests.total': record.smokeTests?.length ?? null,
    'deploy_agent.smoke_tests.passed': record.smokeTests?.filter(({ passed }) => passed).length ?? null,
  };
}

function phaseSpans({ kind, rollback }: Outcome, { phases }: RunRecord): readonly Span[] {
  return phases.map(({ name, startedAt, durationMs }: Phase) => ({
    ...{ name: cut(name), from: startedAt, to: startedAt + durationMs, attributes: {} },
    error: name === ROLLBACK && kind.startsWith('rollback-') ? cut(rollback?.failure.message ?? '') : null,
  }));
}

/** How long each share of the traffic was in force, and what the checks said meanwhile. */
function sharesOf(record: RunRecord): readonly Span[] {
  return trafficSpans(record).map(({ move, from, to, passedRounds, isBad }) => ({
    ...{ name: `Traffic at ${move.inForce}%`, from, to },
    attributes: known({
      'deploy_agent.traffic.asked_percent': move.asked,
      'deploy_agent.traffic.in_force_percent': move.inForce,
      'deploy_agent.traffic.reason': move.why,
      'deploy_agent.checks.passed_rounds': passedRounds,
    }),
    error: isBad ? 'a check failed' : null,
  }));
}

function known(values: Values): Attributes {
  const entries = Object.entries(values).flatMap(([name, value]) =>
    value === null ? [] : [[name, cutValue(value)] as const],
  );
  return Object.fromEntries(entries);
}

function cutValue<T>(value: T): T {
  if (Array.isArray(value)) return value.map(cutValue) as T;
  return (typeof value === 'string' ? cut(value) : value) as T;
}

function cut(text: string): string {
  return cutText(visible(text.toWellFormed()), LONGEST_TEXT);
}
