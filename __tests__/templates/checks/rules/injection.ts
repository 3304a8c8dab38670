import { type Finding, findingAt } from '../finding.ts';
import { type Entry, entryOf, type WorkflowView } from './workflow-view.ts';

const RULES = [
  {
    rule: 'insecure-commands',
    pattern: /ACTIONS_ALLOW_UNSECURE_COMMANDS|::(set-output|save-state|set-env|add-path)\b/,
  },
  { rule: 'unsound-contains', pattern: /contains\(\s*'[^']*'\s*,/ },
  { rule: 'insecure-url-scheme', pattern: /(?<!127\.0\.0\.1|localhost)\bhttp:\/\/(?!127\.0\.0\.1|localhost)/ },
];

/** No text of others becomes code, and no condition is always true. */
export function checkInjection(workflow: WorkflowView): readonly Finding[] {
  const { source, entries, jobs } = workflow;
  const steps = jobs.flatMap((job) => job.steps);
  const scripts = steps.flatMap((step) => [step.run, entryOf(step.with, 'script')]).filter((entry) => entry !== null);
  const conditions = [...jobs.map((job) => job.entries), ...steps.map((step) => step.entries)].flatMap(
    (list) => entryOf(list, 'if') ?? [],
  );
  return [
    ...checkTriggers(workflow, entryOf(entries, 'on')),
    ...scripts.flatMap((script) => checkScript(source, script)),
    ...conditions.flatMap((condition) => checkCondition(source, condition)),
    ...checkLines(workflow),
    ...checkCaches(workflow),
  ];
}

function checkTriggers({ source }: WorkflowView, on: Entry | null): readonly Finding[] {
  const names = JSON.stringify(on?.value ?? null);
  if (!/pull_request_target|workflow_run/.test(names)) return [];
  return [findingAt(source, on!.line, 'dangerous-triggers', 'others’ code would run with this repository’s rights')];
}

function checkScript(source: WorkflowView['source'], { value, line }: Entry): readonly Finding[] {
  const text = String(value);
  return [
    ...(text.includes('${{')
      ? [findingAt(source, line, 'template-injection', 'use `env:`, never an expression in a script')]
      : []),
    ...(/GITHUB_(ENV|PATH)\b/.test(text)
      ? [findingAt(source, line, 'github-env', 'later steps would inherit it: use an output')]
      : []),
  ];
}

/** Anything around `${{ }}`, the line's end of a block included, makes a text of it, and that is always true. */
function checkCondition(source: WorkflowView['source'], { value, line }: Entry): readonly Finding[] {
  const text = String(value);
  const whole = /^\$\{\{(?:(?!\}\}).)*\}\}$/s.test(text);
  if (!text.includes('${{') || whole) return [];
  return [findingAt(source, line, 'unsound-condition', 'text around the expression makes the condition always true')];
}

function checkLines({ source, lines }: WorkflowView): readonly Finding[] {
  return lines.flatMap((text, index) =>
    text.trimStart().startsWith('#')
      ? []
      : RULES.filter(({ pattern }) => pattern.test(text)).map(({ rule }) =>
          findingAt(source, index + 1, rule, text.trim()),
        ),
  );
}

/** Who can write the cache of a branch must not get into what is published. */
function checkCaches({ source, entries, jobs }: WorkflowView): readonly Finding[] {
  const on = JSON.stringify(entryOf(entries, 'on')?.value ?? null);
  if (!/"release"|"tags"/.test(on)) return [];
  return jobs.flatMap(({ steps }) =>
    steps
      .filter((step) => step.with.some(({ key }) => key === 'cache' || key === 'cache-from'))
      .map(({ line }) => findingAt(source, line, 'cache-poisoning', 'a release is built without caches')),
  );
}
