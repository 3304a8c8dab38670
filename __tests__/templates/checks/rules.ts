import type { Finding, WorkflowText } from './finding.ts';
import { checkDeployments } from './rules/deployments.ts';
import { checkInjection } from './rules/injection.ts';
import { checkPermissions } from './rules/permissions.ts';
import { checkPins } from './rules/pins.ts';
import { viewWorkflow } from './rules/workflow-view.ts';

/** Our own rules. Most have the name and the meaning of an audit of zizmor: https://docs.zizmor.sh/audits/ */
export function checkWithRules(source: WorkflowText): readonly Finding[] {
  const workflow = viewWorkflow(source);
  return [checkPins, checkPermissions, checkInjection, checkDeployments].flatMap((check) => check(workflow));
}
