/** A file, or a block of a document, as GitHub would read it. */
export interface WorkflowText {
  /** As findings name it: `workflow-templates/deploy-ecs.yml`, `README.md:31`. */
  readonly name: string;
  readonly text: string;
  /** Templates are copied, so more is asked of them. */
  readonly kind: 'template' | 'workflow' | 'example';
}

export interface Finding {
  readonly at: string;
  readonly rule: string;
  readonly message: string;
}

/** `line` counts from 1. */
export function findingAt({ name }: WorkflowText, line: number, rule: string, message: string): Finding {
  return { at: `${name}:${line}`, rule, message };
}
