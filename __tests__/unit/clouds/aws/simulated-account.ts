import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { AwsCloud } from '../../../../simulators/aws/aws-cloud.ts';
import { type Behaviour, wellBehaved } from '../../../../simulators/behaviour.ts';
import { openEcs } from '../../../../src/clouds/aws/ecs/workload.ts';
import { openFiles } from '../../../../src/io/files.ts';
import { openHttp } from '../../../../src/io/http.ts';
import type { Io } from '../../../../src/io/io.ts';
import { neverAborted } from '../../../../src/io/signals.ts';
import type { ImageReference } from '../../../../src/model/image.ts';
import type { Restoration, RestorePoint } from '../../../../src/model/restore-point.ts';
import type { EditChange, Operation, Watch, Workload } from '../../../../src/model/workload.ts';

const HOSTS: Readonly<Record<string, string>> = {
  ecs: 'ecs.eu-west-1.amazonaws.com',
  logs: 'logs.eu-west-1.amazonaws.com',
  elasticloadbalancing: 'elasticloadbalancing.eu-west-1.amazonaws.com',
};

/** The simulated account behind a real socket; its time moves only by `advance`. */
export class SimulatedAccount {
  now = Date.UTC(2026, 10, 21, 12);
  readonly cloud: AwsCloud;
  readonly printed: string[] = [];
  readonly #images = new Map<string, Behaviour>();
  readonly #server: http.Server;

  constructor() {
    const pull = (image: string) => {
      const behaviour = this.#images.get(image.split('@')[1] ?? '');
      return behaviour ? { digest: image.split('@')[1] ?? '', behaviour } : null;
    };
    const clock = { now: () => this.now };
    this.cloud = new AwsCloud({ clock, images: { pull }, accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' });
    this.#server = http.createServer((request, response) => void this.#forward(request, response));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));
    process.env['AWS_ENDPOINT_URL'] = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    process.env['AWS_ACCESS_KEY_ID'] = 'AKIDEXAMPLE';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'example';
  }

  close(): Promise<void> {
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }

  image(version: string, behaviour: Partial<Behaviour> = {}): ImageReference {
    const digest = `sha256:${createHash('sha256').update(version).digest('hex')}` as const;
    this.#images.set(digest, { ...wellBehaved, version, ...behaviour });
    return { registry: 'ghcr.io', repository: 'acme/agent', tag: version, digest };
  }

  async open(): Promise<Workload> {
    return openEcs(
      { cluster: 'production', service: 'agent', region: 'eu-west-1' },
      { io: this.#io(), signal: neverAborted },
    );
  }

  advance(seconds: number): void {
    this.now += seconds * 1_000;
  }

  #io(): Io {
    const print = (message: string): void => void this.printed.push(message);
    return {
      clock: { now: () => this.now, sleep: async (ms) => this.advance(ms / 1_000) },
      http: openHttp({}),
      files: openFiles({}),
      exec: { run: async () => ({ exitCode: 127, stdout: '' }) },
      log: {
        info: print,
        exact: print,
        debug: print,
        notice: print,
        warning: print,
        error: print,
        foreign: (lines) => void this.printed.push(...lines),
        hide: () => {},
        maskValues: () => {},
        redact: (text) => text,
        warnings: () => [],
        close: () => {},
        mask: () => {},
        group: (_title, body) => body(),
      },
      state: { save: () => {}, read: () => '' },
      env: {},
    };
  }

  async #forward(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const scope = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const host = this.cloud.hosts.find((candidate) => candidate.serves(HOSTS[scope] ?? ''));
    if (!host) throw new Error(`no host answers for ${scope}`);
    const answer = await host.handle({
      method: request.method ?? '',
      url: new URL(request.url ?? '/', `https://${HOSTS[scope]}`),
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      body: Buffer.concat(chunks),
    });
    // The SDK corrects its own clock by this header: real signatures would then carry simulated time.
    const { date: _, ...headers } = answer.headers ?? {};
    response.writeHead(answer.status, { ...headers, connection: 'close' });
    response.end(answer.body);
  }
}

export interface Sent {
  readonly point: RestorePoint;
  readonly mark: string;
}

export function editTo(image: ImageReference): EditChange {
  return { kind: 'edit', base: null, images: [{ container: null, image }], environment: new Map(), secrets: new Map() };
}

export async function send(workload: Workload, image: ImageReference): Promise<Sent> {
  const point = await workload.capture();
  const prepared = await workload.prepare(editTo(image));
  await prepared.send(point, { takeTraffic: true, shifts: [], markedUntil: 0 });
  return { point, mark: prepared.mark };
}

/** Polls every five seconds, as the engine does, until it is done; at most half an hour. */
export async function restoreFully(account: SimulatedAccount, workload: Workload, sent: Sent): Promise<Restoration> {
  const startedAt = account.now;
  for (let polls = 0; polls < 360; polls += 1) {
    const found = await workload.restore(sent.point, sent.mark, account.now - startedAt);
    if (found.status !== 'progressing') return found;
    account.advance(5);
  }
  throw new Error('the rollback did not end in half an hour');
}

/** Polls our operation every five seconds until it is done; at most half an hour. */
export async function watchFully(account: SimulatedAccount, workload: Workload, sent: Sent) {
  let operation: Operation | null = null;
  let watch: Watch | null = null;
  for (let polls = 0; polls < 360; polls += 1) {
    operation ??= await workload.findOperation(sent.mark, sent.point);
    watch ??= operation && workload.watch(operation);
    const observation = await watch?.poll();
    if (operation && observation && observation.status !== 'progressing') return { operation, observation };
    account.advance(5);
  }
  throw new Error('the deployment did not end in half an hour');
}
