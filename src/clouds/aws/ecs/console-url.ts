export interface ConsolePlace {
  readonly region: string;
  readonly cluster: string;
  readonly service: string;
}

/** Where a person sees the service's deployments in the AWS console. */
export function formatConsoleUrl({ region, cluster, service }: ConsolePlace): string {
  const path = `ecs/v2/clusters/${encodeURIComponent(cluster)}/services/${encodeURIComponent(service)}/deployments`;
  return `https://${consoleHost(region)}/${path}?region=${region}`;
}

function consoleHost(region: string): string {
  if (region.startsWith('cn-')) return `${region}.console.amazonaws.cn`;
  if (region.startsWith('us-gov-')) return `${region}.console.amazonaws-us-gov.com`;
  return `${region}.console.aws.amazon.com`;
}
