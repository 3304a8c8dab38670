import { type JsonObject, objectAt, objectsAt, textAt } from '../json.ts';

/**
 * Why a pod is not allowed at this level; [] also for levels that allow everything.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function podSecurityProblems(pod: JsonObject, level: string): readonly string[] {
  if (level !== 'baseline' && level !== 'restricted') return [];
  const containers = [...objectsAt(pod, 'initContainers'), ...objectsAt(pod, 'containers')];
  const contextOf = (container: JsonObject): JsonObject => objectAt(container, 'securityContext');
  const named = (test: (context: JsonObject) => boolean): readonly string[] =>
    containers.filter((container) => test(contextOf(container))).map((container) => `"${textAt(container, 'name')}"`);
  const problems: string[] = [];
  const add = (names: readonly string[], title: string, text: string): void => {
    if (names.length > 0)
      problems.push(`${title} (${names.length > 1 ? 'containers' : 'container'} ${names.join(', ')} ${text})`);
  };
  add(
    named((context) => context['privileged'] === true),
    'privileged',
    'must not set securityContext.privileged=true',
  );
  if (level === 'baseline') return problems;
  const shared = objectAt(pod, 'securityContext');
  add(
    named((context) => context['allowPrivilegeEscalation'] !== false),
    'allowPrivilegeEscalation != false',
    'must set securityContext.allowPrivilegeEscalation=false',
  );
  add(
    named((context) => !listAt(context, 'capabilities', 'drop').includes('ALL')),
    'unrestricted capabilities',
    'must set securityContext.capabilities.drop=["ALL"]',
  );
  const isRootAllowed = (context: JsonObject): boolean => (context['runAsNonRoot'] ?? shared['runAsNonRoot']) !== true;
  if (named(isRootAllowed).length > 0)
    problems.push(
      `runAsNonRoot != true (pod or ${subject(named(isRootAllowed))} must set securityContext.runAsNonRoot=true)`,
    );
  const isUnconfined = (context: JsonObject): boolean =>
    !['RuntimeDefault', 'Localhost'].includes(
      textAt(context, 'seccompProfile', 'type') || textAt(shared, 'seccompProfile', 'type'),
    );
  if (named(isUnconfined).length > 0)
    problems.push(
      `seccompProfile (pod or ${subject(named(isUnconfined))} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`,
    );
  return problems;
}

function subject(names: readonly string[]): string {
  return `${names.length > 1 ? 'containers' : 'container'} ${names.join(', ')}`;
}

function listAt(value: JsonObject, ...path: readonly string[]): readonly unknown[] {
  const found = objectAt(value, ...path.slice(0, -1))[path.at(-1) ?? ''];
  return Array.isArray(found) ? found : [];
}
