export interface Denial {
  /** The action that was denied: `repository:Pull`; null: it is not named. */
  readonly action: string | null;
  /** The policy that denies it, other than that of the caller itself; null: the caller's own lacks it. */
  readonly policy: string | null;
}

const ACTION = /not authorized to perform:?\s+([a-z][a-z0-9-]*:[A-Za-z*]+)/i;
const POLICY =
  /(?:because no|with an explicit deny in an?) (service control policy|resource control policy|resource-based policy|permissions boundary|session policy|VPC endpoint policy)/i;

/**
 * A denial that names its policy -> which one. A permission that is added to the role changes nothing where another policy
 * denies it. https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function readDenial(text: string): Denial {
  return { action: ACTION.exec(text)?.[1] ?? null, policy: POLICY.exec(text)?.[1]?.toLowerCase() ?? null };
}

/** The next step, where a policy other than the caller's own denies it; null: it is the caller's own. `who`: `the role`. */
export function otherPolicyHint(text: string, who: string): string | null {
  const { action, policy } = readDenial(text);
  if (policy === null) return null;
  const what = action ?? 'this action';
  if (policy === 'resource-based policy') {
    return `Allow ${what} to ${who} in the policy of the resource itself (of an image: the repository’s policy): it belongs to another account, or that policy denies it. A permission of ${who} alone is not enough.`;
  }
  return `The ${policy.replace('vpc', 'VPC')} does not allow ${what}: whoever manages that has to allow it. A permission of ${who} alone is not enough.`;
}

/** The next step after a denial of a registry; null: it names no action. */
export function denialHint(text: string): string | null {
  const { action } = readDenial(text);
  return otherPolicyHint(text, 'the role') ?? (action && `Add ${action} to the policy of the role.`);
}
