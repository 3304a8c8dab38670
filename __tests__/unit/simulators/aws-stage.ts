import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { STSClient } from '@aws-sdk/client-sts';
import { AwsCloud, type AwsCloudOptions } from '../../../simulators/aws/aws-cloud.ts';
import type { ServiceOptions } from '../../../simulators/aws/ecs/add-service.ts';
import { type Behaviour, wellBehaved } from '../../../simulators/behaviour.ts';
import type { SimulatedHost, SimulatedRequest, SimulatedResponse } from '../../../simulators/edge/host.ts';

/** The SDK's request, as far as it is needed here. */
interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly path: string;
  readonly method: string;
  readonly query?: Record<string, string | string[] | null>;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

export const CLUSTER = 'production';
export const SERVICE = 'web';
export const here = { cluster: CLUSTER, service: SERVICE };

/** An account with unmodified SDK clients on it, and a clock that a test moves. */
export class Stage {
  now = Date.UTC(2026, 10, 21, 12);
  /** Body of the last answer that an SDK client got, as it was on the wire. */
  lastBody = '';
  readonly images = new Map<string, Behaviour>();
  readonly cloud: AwsCloud;
  readonly ecs: ECSClient;
  readonly ecr: ECRClient;
  readonly elb: ElasticLoadBalancingV2Client;
  readonly logs: CloudWatchLogsClient;
  readonly sts: STSClient;

  constructor(options: Partial<AwsCloudOptions> = {}, secretAccessKey = 'secret') {
    const pull = (image: string) => {
      const behaviour = this.images.get(image) ?? this.images.get(image.split('@')[1] ?? '');
      if (!behaviour) return null;
      const digest = `sha256:${createHash('sha256').update(JSON.stringify(behaviour)).digest('hex')}`;
      this.images.set(digest, behaviour);
      return { digest, behaviour };
    };
    const clock = { now: () => this.now };
    this.cloud = new AwsCloud({ clock, images: { pull }, accessKeyId: 'AKID', secretAccessKey: 'secret', ...options });
    const credentials = { accessKeyId: 'AKID', secretAccessKey };
    const settings = { region: 'eu-west-1', credentials, maxAttempts: 1, requestHandler: this.#handler() };
    this.ecs = new ECSClient(settings);
    this.ecr = new ECRClient(settings);
    this.elb = new ElasticLoadBalancingV2Client(settings);
    this.logs = new CloudWatchLogsClient(settings);
    this.sts = new STSClient(settings);
  }

  image(tag: string, behaviour: Partial<Behaviour> = {}): string {
    const image = `ghcr.io/acme/agent:${tag}`;
    this.images.set(image, { ...wellBehaved, version: `agent ${tag}`, ...behaviour });
    return image;
  }

  /** A steady service that runs `agent v1` in two tasks behind a load balancer. */
  service(options: Partial<ServiceOptions> = {}): string {
    const added = this.cloud.addService({
      ...here,
      ...(options.containers || options.image ? {} : { image: this.image('v1') }),
      desiredCount: 2,
      loadBalanced: true,
      ...options,
    });
    return added.url ?? '';
  }

  advance(seconds: number): void {
    this.now += seconds * 1_000;
  }

  /** What carries the SDK's requests to the simulated hosts instead of the network. */
  #handler() {
    return {
      handle: async (request: SdkRequest) => {
        const url = new URL(`${request.protocol}//${request.hostname}${request.path}`);
        for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, String(value));
        const headers = Object.fromEntries(Object.entries(request.headers).map(([name, v]) => [name.toLowerCase(), v]));
        const sent = request.body ?? '';
        const body = typeof sent === 'string' ? Buffer.from(sent) : Buffer.concat([sent as Uint8Array]);
        const answer = await send(this.cloud.hosts, { method: request.method, url, headers, body });
        this.lastBody = String(answer.body ?? '');
        const responseBody = Readable.from([Buffer.from(answer.body ?? '')]);
        return { response: { statusCode: answer.status, headers: { ...answer.headers }, body: responseBody } };
      },
    };
  }

  async request(url: string, init: Partial<SimulatedRequest> = {}): Promise<SimulatedResponse> {
    return send(this.cloud.hosts, { method: 'GET', url: new URL(url), headers: {}, body: Buffer.alloc(0), ...init });
  }
}

async function send(hosts: readonly SimulatedHost[], request: SimulatedRequest): Promise<SimulatedResponse> {
  const host = hosts.find((candidate) => candidate.serves(request.url.hostname));
  if (!host) throw new Error(`no host answers for ${request.url.hostname}`);
  return host.handle(request);
}
