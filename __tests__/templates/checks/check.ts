import { checkWithActionlint } from './actionlint.ts';
import type { Finding, WorkflowText } from './finding.ts';
import { checkWithLanguageService } from './language-service.ts';
import { checkWithRules } from './rules.ts';
import { checkWithSchema } from './schema.ts';

export const checkers = {
  'the language service': checkWithLanguageService,
  'the schema': checkWithSchema,
  actionlint: checkWithActionlint,
  'our rules': checkWithRules,
} as const;

/** Everything that any checker finds. */
export async function checkWorkflow(workflow: WorkflowText): Promise<readonly Finding[]> {
  const findings = await Promise.all(Object.values(checkers).map((check) => check(workflow)));
  return findings.flat();
}
