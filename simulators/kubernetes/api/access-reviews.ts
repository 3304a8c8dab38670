import { type JsonObject, objectAt, textAt } from '../../json.ts';
import type { Access, User } from '../access.ts';
import { changesBetween } from '../fields/field-set.ts';
import { toManagedFields } from '../fields/managed-fields.ts';

interface Asked {
  readonly review: JsonObject;
  /** The program that asks. */
  readonly by: string;
  readonly time: string;
}

/** `selfsubjectaccessreviews` and `selfsubjectrulesreviews`: what may the caller do? Anybody may ask. */
export function answerReview(access: Access, user: User, { review, by, time }: Asked): JsonObject {
  const spec = objectAt(review, 'spec');
  const manager = { name: by, operation: 'Update', apiVersion: 'authorization.k8s.io/v1', subresource: '' } as const;
  const entry = { manager, time, fields: changesBetween({ spec: {} }, { spec }).changed };
  const shared = { apiVersion: 'authorization.k8s.io/v1', metadata: { managedFields: toManagedFields([entry]) }, spec };
  if (textAt(review, 'kind') === 'SelfSubjectRulesReview') {
    const rules = access.rulesOf(user, textAt(spec, 'namespace'));
    return {
      kind: 'SelfSubjectRulesReview',
      ...shared,
      status: { resourceRules: rules, nonResourceRules: [], incomplete: false },
    };
  }
  const asked = objectAt(spec, 'resourceAttributes');
  const subresource = textAt(asked, 'subresource');
  const reason = access.reasonFor(user, {
    verb: textAt(asked, 'verb'),
    group: textAt(asked, 'group'),
    resource: `${textAt(asked, 'resource')}${subresource === '' ? '' : `/${subresource}`}`,
    namespace: textAt(asked, 'namespace'),
    name: textAt(asked, 'name'),
  });
  return {
    kind: 'SelfSubjectAccessReview',
    ...shared,
    status: { allowed: reason !== null, ...(reason ? { reason } : {}) },
  };
}

export function isReviewPath(pathname: string): boolean {
  return /^\/apis\/authorization\.k8s\.io\/v1\/selfsubject(access|rules)reviews$/.test(pathname);
}
