import type { ContainerApp } from './app.ts';

/** Lets the traffic follow the latest revision again. */
export function formatRelease({ name, resourceGroup }: Pick<ContainerApp, 'name' | 'resourceGroup'>): string {
  const at = `--name ${name} --resource-group ${resourceGroup}`;
  return `az containerapp ingress traffic set ${at} --revision-weight latest=100`;
}
