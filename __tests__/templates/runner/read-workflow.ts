import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import type { MappingToken } from '@actions/workflow-parser/templates/tokens/index';

/** @throws Error with everything that GitHub's parser says against it. */
export async function readWorkflow(name: string, text: string): Promise<MappingToken> {
  const { context, value } = parseWorkflow({ name, content: text }, new NoOperationTraceWriter());
  if (value) await convertWorkflowTemplate(context, value);
  const errors = context.errors.getErrors();
  if (!value || errors.length > 0) throw new Error(errors.map(({ message }) => `${name}: ${message}`).join('\n'));
  return value.assertMapping('a workflow');
}
