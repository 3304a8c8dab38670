import type * as z from 'zod';
import { nearest } from '../model/nearest.ts';

/** zod's issue in our words. Values are not quoted: they can be secrets. */
export function describeIssue(
  issue: z.core.$ZodIssue,
  keys: readonly string[],
  example = '{ status: 204 }',
): readonly string[] {
  const at = issue.path.length === 0 ? '' : `${issue.path.map(String).join('.')}: `;
  if (issue.code !== 'unrecognized_keys') {
    return [`${at}${issue.path.length === 0 ? `expected a map of options, such as ${example}` : issue.message}`];
  }
  return issue.keys.map((key) => {
    const meant = nearest(key, keys);
    return `unknown key "${key}": ${meant ? `did you mean "${meant}"?` : `expected one of ${keys.join(', ')}`}`;
  });
}
