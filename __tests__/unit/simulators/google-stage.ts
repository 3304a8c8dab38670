import { createHash } from 'node:crypto';
import { type Behaviour, wellBehaved } from '../../../simulators/behaviour.ts';
import type { SimulatedRequest, SimulatedResponse } from '../../../simulators/edge/host.ts';
import { GitHubOidc, type ReadAssertion } from '../../../simulators/github/oidc.ts';
import { GoogleCloud, type GoogleCloudOptions } from '../../../simulators/google/google-cloud.ts';
import type { ServiceOptions } from '../../../simulators/google/run/add-service.ts';
import type { JsonObject } from '../../../simulators/json.ts';

export const SERVICE = 'agent';
export const LATEST = { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 };

export const pinned = (revision: string, percent: number, tag?: string) => ({
  type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION',
  revision,
  ...(percent === 0 ? {} : { percent }),
  ...(tag === undefined ? {} : { tag }),
});

/** As GET shows a service, as far as tests look at it. */
export interface ServiceView extends JsonObject {
  readonly etag: string;
  readonly generation: string;
  readonly observedGeneration: string;
  readonly reconciling?: boolean;
  readonly terminalCondition: JsonObject;
  readonly template: JsonObject;
  readonly traffic: readonly JsonObject[];
  readonly trafficStatuses: readonly JsonObject[];
  readonly latestReadyRevision: string;
  readonly latestCreatedRevision: string;
  readonly uri: string;
  readonly urls: readonly string[];
}

export interface OperationView extends JsonObject {
  readonly name: string;
  readonly done?: boolean;
  readonly error?: { readonly code: number; readonly message: string };
  readonly response?: ServiceView;
}

/** What came back: the status, and the document that the body was. */
export interface Answer<T> {
  readonly status: number;
  readonly document: T;
}

/** A project, spoken to in REST, and a clock that a test moves. */
export class GoogleStage {
  now = Date.UTC(2026, 10, 21, 12);
  token: string;
  readonly images = new Map<string, Behaviour>();
  readonly cloud: GoogleCloud;
  readonly github: GitHubOidc;

  constructor(options: Partial<GoogleCloudOptions> = {}) {
    const pull = (image: string) => {
      const behaviour = this.images.get(image);
      const digest = `sha256:${createHash('sha256').update(image).digest('hex')}`;
      return behaviour ? { digest, behaviour } : null;
    };
    const clock = { now: () => this.now };
    this.github = new GitHubOidc(clock);
    const readAssertion: ReadAssertion = (token) => this.github.read(token);
    this.cloud = new GoogleCloud({ clock, images: { pull }, readAssertion, ...options });
    this.token = this.cloud.issueToken();
  }

  image(tag: string, behaviour: Partial<Behaviour> = {}): string {
    const image = `europe-west1-docker.pkg.dev/acme-prod/agents/agent:${tag}`;
    this.images.set(image, { ...wellBehaved, version: `agent ${tag}`, ...behaviour });
    return image;
  }

  /** A service that runs `agent v1` at 100 %; its address. */
  service(options: Partial<ServiceOptions> = {}): string {
    const has = options.image !== undefined || options.template?.['containers'] !== undefined;
    return this.cloud.addService({ service: SERVICE, ...(has ? {} : { image: this.image('v1') }), ...options }).url;
  }

  advance(seconds: number): void {
    this.now += seconds * 1_000;
  }

  async call<T = JsonObject>(method: string, path: string, body?: JsonObject): Promise<Answer<T>> {
    const url = path.startsWith('/') ? `https://run.googleapis.com${path}` : `${this.root}/${path}`;
    const headers = { authorization: `Bearer ${this.token}` };
    const sent = Buffer.from(body === undefined ? '' : JSON.stringify(body));
    const { status, body: text } = await this.request(url, { method, headers, body: sent });
    return { status, document: JSON.parse(String(text)) as T };
  }

  async get(): Promise<ServiceView> {
    return (await this.call<ServiceView>('GET', `services/${SERVICE}`)).document;
  }

  async revision(id: string): Promise<JsonObject> {
    return (await this.call('GET', `services/${SERVICE}/revisions/${id}`)).document;
  }

  async patch(body: JsonObject, mask = Object.keys(body).join(',')): Promise<Answer<OperationView>> {
    return this.call<OperationView>('PATCH', `services/${SERVICE}?updateMask=${mask}`, body);
  }

  /** The template of now with another image and name. */
  async deploy(image: string, revision?: string, more: JsonObject = {}): Promise<OperationView> {
    const { template } = await this.get();
    const { revision: _, ...content } = template;
    const named = revision === undefined ? content : { ...content, revision };
    const changed = { ...named, containers: withImage(template, image) };
    return (await this.patch({ template: changed, ...more })).document;
  }

  /** A second at a time, until it is done. */
  async wait({ name }: OperationView): Promise<OperationView> {
    for (let second = 0; second < 1_000; second += 1) {
      const { document } = await this.call<OperationView>('GET', `/v2/${name}`);
      if (document.done) return document;
      this.advance(1);
    }
    throw new Error(`${name} was not done in 1000 s`);
  }

  async request(url: string, init: Partial<SimulatedRequest> = {}): Promise<SimulatedResponse> {
    const request = { method: 'GET', url: new URL(url), headers: {}, body: Buffer.alloc(0), ...init };
    const host = [...this.cloud.hosts, this.github].find((candidate) => candidate.serves(request.url.hostname));
    if (!host) throw new Error(`no host answers for ${request.url.hostname}`);
    return host.handle(request);
  }

  get root(): string {
    return `https://run.googleapis.com/v2/projects/${this.cloud.project}/locations/${this.cloud.region}`;
  }
}

function withImage({ containers }: JsonObject, image: string): JsonObject[] {
  const [first, ...others] = containers as JsonObject[];
  return [{ ...first, image }, ...others];
}
