import type { Service } from '@aws-sdk/client-ecs';
import { type JsonObject, objectAt } from '../../../model/json.ts';
import type { Platform } from '../../../model/platform.ts';

const ARCHITECTURES = new Map([
  ['X86_64', 'amd64'],
  ['ARM64', 'arm64'],
]);

/**
 * What a task definition runs on in this service; null: AWS doesn't tell. Fargate takes one that doesn't say for
 * X86_64 and LINUX; on instances it runs on whatever the cluster has.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#runtime-platform
 */
export function platformOf(
  document: JsonObject,
  service: Pick<Service, 'launchType' | 'capacityProviderStrategy'>,
): Platform | null {
  const told = objectAt(document, 'runtimePlatform');
  const { cpuArchitecture = isOnFargate(document, service) ? 'X86_64' : null, operatingSystemFamily = 'LINUX' } = told;
  const architecture = ARCHITECTURES.get(String(cpuArchitecture));
  // A family that AWS adds one day is not refused for that.
  const os = /^(LINUX|WINDOWS)(_|$)/.exec(String(operatingSystemFamily))?.[1]?.toLowerCase();
  return architecture && os ? { os, architecture, variant: null } : null;
}

function isOnFargate(document: JsonObject, service: Pick<Service, 'launchType' | 'capacityProviderStrategy'>): boolean {
  const providers = (service.capacityProviderStrategy ?? []).map(({ capacityProvider }) => capacityProvider);
  if (providers.length > 0) return providers.every((provider) => /^FARGATE(_SPOT)?$/.test(provider ?? ''));
  if (service.launchType) return service.launchType === 'FARGATE';
  const required = document['requiresCompatibilities'];
  return Array.isArray(required) && required.length === 1 && required[0] === 'FARGATE';
}
