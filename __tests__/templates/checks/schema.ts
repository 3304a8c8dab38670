import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv, type ErrorObject } from 'ajv';
import { parse } from 'yaml';
import { type Finding, findingAt, type WorkflowText } from './finding.ts';

const schema = JSON.parse(readFileSync(path.join(import.meta.dirname, '../schemas/github-workflow.json'), 'utf8'));
const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);

/** SchemaStore's schema, which most editors use. It knows no lines; a path has to do. */
export function checkWithSchema(workflow: WorkflowText): readonly Finding[] {
  if (validate(parse(workflow.text))) return [];
  return deepest(validate.errors ?? []).map(({ instancePath, message }) =>
    findingAt(workflow, 1, 'schema', `${instancePath || '/'} ${message}`),
  );
}

/** A failed oneOf repeats itself at every level: what is said furthest down is the cause. */
function deepest(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const depthOf = ({ instancePath }: ErrorObject): number => instancePath.split('/').length;
  const depth = Math.max(...errors.map(depthOf));
  return errors.filter((error) => depthOf(error) === depth);
}
