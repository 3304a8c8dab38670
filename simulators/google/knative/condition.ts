import { type JsonObject, textAt } from '../../json.ts';
import { withoutDefaults } from '../json.ts';

const STATUSES: Readonly<Record<string, string>> = { CONDITION_SUCCEEDED: 'True', CONDITION_FAILED: 'False' };

/** https://cloud.google.com/run/docs/reference/rest/v1/GoogleCloudRunV1Condition */
export function toKnativeCondition(condition: JsonObject): JsonObject {
  const reason = textAt(condition, 'revisionReason') || textAt(condition, 'reason');
  const severity = textAt(condition, 'severity');
  return withoutDefaults({
    type: textAt(condition, 'type'),
    status: STATUSES[textAt(condition, 'state')] ?? 'Unknown',
    reason: toCamelCase(reason),
    message: textAt(condition, 'message'),
    lastTransitionTime: textAt(condition, 'lastTransitionTime'),
    severity: severity === '' ? '' : toCamelCase(severity),
  });
}

/** HEALTH_CHECK_CONTAINER_ERROR -> HealthCheckContainerError */
function toCamelCase(words: string): string {
  return words.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
