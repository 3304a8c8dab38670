import type { ImageSource } from '../behaviour.ts';
import type { SimulatedHost, SimulatedRequest, TimeSource } from '../edge/host.ts';
import { EventQueue } from '../event-queue.ts';
import type { ReadAssertion } from '../github/oidc.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../json.ts';
import { openIssuer } from '../signed-token.ts';
import { Access } from './access.ts';
import { createRunHost } from './api-host.ts';
import { createGkeHost, type GkeCluster } from './gke.ts';
import { createIamCredentialsHost, GOOGLE_ISSUER } from './identity/iam-credentials.ts';
import { type Login, logIn } from './identity/login.ts';
import { createStsHost } from './identity/sts.ts';
import { numberOf } from './json.ts';
import { createKnativeHost } from './knative/knative-host.ts';
import { createLoggingHost } from './logging.ts';
import { addService, type ServiceOptions } from './run/add-service.ts';
import { OPERATIONS } from './run/api.ts';
import { hostnamesOf, serviceNameOf } from './run/names.ts';
import type { Revision, ServedRequest, Service, Staging } from './run/state.ts';
import { createTrafficHost } from './run/traffic.ts';
import { updateService } from './run/update.ts';
import { snapshotOf } from './snapshot.ts';
import type { GoogleWorld } from './world.ts';

export interface GoogleCloudOptions {
  readonly clock: TimeSource;
  readonly images: ImageSource;
  readonly project?: string;
  readonly projectNumber?: string;
  readonly region?: string;
  /** What the jobs' token issuer says of a token of its own; null: it isn't. */
  readonly readAssertion?: ReadAssertion;
  /** Subjects that the project trusts; default: those of `acme/agent`, in both forms. */
  readonly trustedSubject?: RegExp;
}

export interface AddedService {
  /** `projects/…/locations/…/services/agent` */
  readonly name: string;
  /** Its main address. */
  readonly url: string;
}

/** A call as it came. */
export interface WireCall {
  readonly at: number;
  readonly operation: string;
  /** Path and query. */
  readonly path: string;
  readonly body: string;
}

export interface LoginOptions {
  /** Of the job: where it gets its token from. */
  readonly env: Readonly<Record<string, string>>;
  /** Without a service account in between. */
  readonly direct?: boolean;
}

/** What a test may set in the middle of things. */
export interface ServiceChanges extends Partial<Staging> {
  readonly isPublic?: boolean;
  /** Raw members of the service, as if they had been configured at once and without a trace. */
  readonly extras?: JsonObject;
}

const TRUSTED = /^repo:acme(@1001)?\/agent(@2002)?:/;
const FOREIGNER = { kind: 'service-account', id: 'another-user@acme.iam.gserviceaccount.com' } as const;

/** One simulated project in one region. Its state is a function of the clock's time. */
export class GoogleCloud {
  /** Google's own end points, and the addresses of the workloads that run here. */
  readonly hosts: readonly SimulatedHost[];
  /** All calls that it can answer, named as for faults: `run:UpdateService`. */
  readonly operations: readonly string[] = OPERATIONS.map((name) => `run:${name}`);
  readonly project: string;
  readonly region: string;
  /** That the workflow acts as. */
  readonly serviceAccount: string;
  /** As the input `workload-identity-provider`. */
  readonly workloadIdentityProvider: string;
  readonly #clock: TimeSource;
  readonly #world: GoogleWorld;
  readonly #idTokens = openIssuer('simulated-google');
  readonly #wireLog: WireCall[] = [];
  readonly #clusters = new Map<string, GkeCluster>();

  constructor(options: GoogleCloudOptions) {
    const { clock, images, project = 'acme-prod', projectNumber = '415104041262', region = 'europe-west1' } = options;
    this.#clock = clock;
    this.project = project;
    this.region = region;
    this.serviceAccount = `deploy@${project}.iam.gserviceaccount.com`;
    this.workloadIdentityProvider = `projects/${projectNumber}/locations/global/workloadIdentityPools/github/providers/agent`;
    let last = 0;
    this.#world = {
      ...{ project, projectNumber, region, images, queue: new EventQueue(clock.now()), access: new Access(clock) },
      ...{ services: [], operations: new Map(), deniedSecrets: new Set(), deniedImages: new Set() },
      nextNumber: () => ++last,
    };
    this.hosts = this.#createHosts(options);
  }

  addService(options: ServiceOptions): AddedService {
    this.#advance();
    const service = addService(this.#world, options);
    return { name: serviceNameOf(this.#world, service), url: `https://${hostnamesOf(this.#world, service)[0]}` };
  }

  /** Every call that took effect or may have. */
  get wireLog(): readonly WireCall[] {
    return this.#wireLog;
  }

  /** Which revision answered which request of the service, in the order in which they came. */
  served(service: string): readonly ServedRequest[] {
    return this.#find(service).served;
  }

  /** Everything that lives in the service, to look at. */
  look(service: string): Readonly<Service> {
    return this.#find(service);
  }

  /** A deployment by another user, now: a new template with this image, as `gcloud run deploy` or the console make it. */
  foreignDeploy(service: string, image: string): void {
    const found = this.#find(service);
    const { revision: _, ...template } = objectAt(found.config, 'template');
    const [first, ...others] = objectsAt(template, 'containers');
    this.#update(found, { template: { ...template, containers: [{ ...first, image }, ...others] } }, 'template');
  }

  /** A traffic table set by another user, now. */
  foreignTraffic(service: string, traffic: readonly JsonObject[]): void {
    this.#update(this.#find(service), { traffic }, 'traffic');
  }

  /** Any other change by another user: raw members, by their names. */
  foreignUpdate(service: string, members: JsonObject): void {
    this.#update(this.#find(service), members, Object.keys(members).join(','));
  }

  /** Deletes a revision, although traffic may name it. */
  deleteRevision(service: string, revision: string): void {
    const found = this.#find(service);
    found.revisions = found.revisions.filter(({ id }) => id !== revision);
  }

  setService(service: string, { isPublic, extras, ...staging }: ServiceChanges): void {
    const found = this.#find(service);
    found.isPublic = isPublic ?? found.isPublic;
    found.config = { ...found.config, ...extras };
    Object.assign(found, { staging: { ...found.staging, ...staging } });
  }

  /** Puts a condition into what is shown of a revision: how a reason appears that doesn't come by itself here. */
  addCondition(service: string, revision: string, condition: JsonObject): void {
    const found: Revision | undefined = this.#find(service).revisions.find(({ id }) => id === revision);
    if (!found) throw new Error(`there is no revision ${revision}`);
    found.extraConditions = [...found.extraConditions, condition];
  }

  /** A permission that the caller's roles lack from now on: `run.services.update`, `iam.serviceaccounts.actAs`. */
  deny(permission: string): void {
    this.#world.access.deny(permission);
  }

  allow(permission: string): void {
    this.#world.access.allow(permission);
  }

  /** Every access token that is out is refused from now on: whoever asks for a new one gets it. */
  expireTokens(): void {
    this.#world.access.expireAll();
  }

  /** Revisions that read this secret can't start from now on. */
  denySecret(secret: string): void {
    this.#world.deniedSecrets.add(secret);
  }

  /** Cloud Run's service agent may not pull images whose names begin so. */
  denyImages(prefix: string): void {
    this.#world.deniedImages.add(prefix);
  }

  /** For the project's registry: a good access token. */
  acceptsToken(token: string): boolean {
    return this.#world.access.findPrincipal(token) !== null;
  }

  /** For the project's registry: may the caller do this? */
  grantOnly(permissions: readonly string[]): ReturnType<GoogleWorld['access']['grantOnly']> {
    return this.#world.access.grantOnly(permissions);
  }

  may(permission: string): boolean {
    return this.#world.access.may(permission);
  }

  /** An access token as the login makes it, for a client that is handed one. */
  issueToken(lifetimeMs = 3_600_000): string {
    return this.#world.access.issue({ kind: 'service-account', id: this.serviceAccount }, lifetimeMs);
  }

  addGkeCluster(cluster: GkeCluster): void {
    this.#clusters.set(cluster.name, cluster);
  }

  /** As google-github-actions/auth in an earlier step: a file in `directory`, and variables. */
  logIn(directory: string, { env, direct = false }: LoginOptions): Promise<Login> {
    const serviceAccount = direct ? null : this.serviceAccount;
    return logIn({ directory, serviceAccount, provider: this.workloadIdentityProvider, project: this.project, env });
  }

  snapshot(service: string): JsonObject {
    return snapshotOf(this.#world, this.#find(service));
  }

  #createHosts({ readAssertion = () => null, trustedSubject = TRUSTED }: GoogleCloudOptions): readonly SimulatedHost[] {
    const [world, clock] = [this.#world, this.#clock];
    const { access } = world;
    const provider = { name: this.workloadIdentityProvider, subject: trustedSubject };
    const onCall = (operation: string, { url, body }: SimulatedRequest): void => {
      this.#wireLog.push({ at: clock.now(), operation, path: `${url.pathname}${url.search}`, body: body.toString() });
    };
    return [
      createRunHost({ world, clock, onCall }),
      createKnativeHost(world, clock),
      createLoggingHost(world, clock),
      createStsHost({ clock, access, readAssertion, provider }),
      createIamCredentialsHost({ clock, access, issuer: this.#idTokens, serviceAccount: this.serviceAccount }),
      createGkeHost(world, clock, this.#clusters),
      createTrafficHost(world, clock, { readIdToken: (token) => this.#readIdToken(token) }),
    ];
  }

  #readIdToken(token: string): { readonly audience: string; readonly email: string } | null {
    if (token.split('.').length !== 3) return null;
    const claims = this.#idTokens.read(token);
    if (claims?.['iss'] !== GOOGLE_ISSUER || this.#clock.now() / 1_000 >= numberOf(claims, 'exp')) return null;
    return { audience: textAt(claims, 'aud'), email: textAt(claims, 'email') };
  }

  #update(service: Service, body: JsonObject, mask: string): void {
    updateService(this.#world, service, { body, mask, principal: FOREIGNER });
  }

  #find(id: string): Service {
    this.#advance();
    const found = this.#world.services.find((service) => service.id === id);
    if (!found) throw new Error(`there is no service ${id}`);
    return found;
  }

  #advance(): void {
    this.#world.queue.advanceTo(this.#clock.now());
  }
}
