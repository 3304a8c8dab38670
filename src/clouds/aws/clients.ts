import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { STSClient } from '@aws-sdk/client-sts';
import type { Io } from '../../io/io.ts';

export interface EcsClients {
  readonly ecs: ECSClient;
  readonly loadBalancing: ElasticLoadBalancingV2Client;
  /** Containers may log to another region than the service's. */
  logs(region: string): CloudWatchLogsClient;
}

export function openEcsClients(region: string, io: Io): EcsClients {
  return {
    ecs: new ECSClient(clientSettings(region, io)),
    loadBalancing: new ElasticLoadBalancingV2Client(clientSettings(region, io)),
    logs: (logRegion) => new CloudWatchLogsClient(clientSettings(logRegion, io)),
  };
}

export function openEcr(region: string, io: Io): ECRClient {
  return new ECRClient(clientSettings(region, io));
}

export function openSts(region: string, io: Io): STSClient {
  return new STSClient(clientSettings(region, io));
}

function clientSettings(region: string, io: Io) {
  return {
    region,
    maxAttempts: 5,
    requestHandler: {
      // The SDK ignores HTTPS_PROXY; these agents do not.
      httpAgent: io.http.httpAgent,
      httpsAgent: io.http.httpsAgent,
      // By default there is no time-out at all: one unanswered request held the process for ever. Without the third
      // setting, a request that takes too long is only warned about.
      connectionTimeout: 5_000,
      requestTimeout: 15_000,
      throwOnRequestTimeout: true,
    },
  };
}
