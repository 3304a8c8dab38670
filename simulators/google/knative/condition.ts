import type { JsonObject } from '../../json.ts';
import { textOf, withoutDefaults } from '../json.ts';

const STATUSES: Readonly<Record<string, string>> = { CONDITION_SUCCEEDED: 'True', CONDITION_FAILED: 'False' };

/** https://cloud.google.com/run/docs/reference/rest/v1/GoogleCloudRunV1Condition */
export function toKnativeCondition(condition: JsonObject): JsonObject {
  const reason = textOf(condition, 'revisionReason') || textOf(condition, 'reason');
  const severity = textOf(condition, 'severity');
  return withoutDefaults({
    type: textOf(condition, 'type'),
    status: STATUSES[textOf(condition, 'state')] ?? 'Unknown',
    reason: toCamelCase(reason),
    message: textOf(condition, 'message'),
    lastTransitionTime: textOf(condition, 'lastTransitionTime'),
    severity: severity === '' ? '' : toCamelCase(severity),
  });
}

/** HEALTH_CHECK_CONTAINER_ERROR -> HealthCheckContainerError */
function toCamelCase(words: string): string {
  return words.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
