/** An IAM policy document, as far as `isGranted` reads it: statements with Effect Allow. */
export interface Policy {
  readonly Statement: readonly Statement[];
}

interface Statement {
  readonly Sid: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  /** Operator -> condition key -> values, of which one has to match. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** What one call needs: an action on a resource, with what the request says of it. */
export interface Need {
  readonly action: string;
  readonly resource: string;
  /** Condition key -> the values in the request; absent: it has none. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

/** The role of the caller, and which of its permissions were used: `Sid: action on resource`, as the policy writes them. */
export interface Role {
  readonly policy: Policy;
  readonly used: Set<string>;
}

/** May the role do that? What allows it is noted as used. */
export function isGranted({ policy, used }: Role, need: Need): boolean {
  const grants = policy.Statement.flatMap((statement) => grantsOf(statement, need));
  for (const grant of grants) used.add(grant);
  return grants.length > 0;
}

/** Every permission of a policy, as `used` has them. */
export function permissionsOf({ Statement: statements }: Policy): readonly string[] {
  return statements.flatMap(({ Sid, Action, Resource }) =>
    list(Action).flatMap((action) => list(Resource).map((resource) => `${Sid}: ${action} on ${resource}`)),
  );
}

function grantsOf({ Sid, Action, Resource, Condition = {} }: Statement, need: Need): readonly string[] {
  const holds = Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) =>
      isMet(operator, { given: need.context[key] ?? [], values: list(values) }),
    ),
  );
  if (!holds) return [];
  const actions = list(Action).filter((action) => matches(need.action, action));
  const resources = list(Resource).filter((resource) => matches(need.resource, resource));
  return actions.flatMap((action) => resources.map((resource) => `${Sid}: ${action} on ${resource}`));
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
function isMet(operator: string, { given, values }: { given: readonly string[]; values: readonly string[] }): boolean {
  const isAnyOf = (value: string): boolean => values.some((pattern) => matches(value, pattern));
  switch (operator) {
    case 'StringEquals':
      return given.some((value) => values.includes(value));
    case 'ArnEquals':
      return given.some(isAnyOf);
    case 'ForAllValues:StringLike':
      return given.every(isAnyOf);
    default:
      throw new Error(`the simulated IAM has no condition operator ${operator}`);
  }
}

/** With IAM's wildcards. */
function matches(text: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+^${}()|[\]\\?]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
}

function list(values: string | readonly string[]): readonly string[] {
  return typeof values === 'string' ? [values] : values;
}
