import { AwsCloud } from './aws/aws-cloud.ts';
import { AzureCloud } from './azure/azure-cloud.ts';
import type { Behaviour, ImageSource } from './behaviour.ts';
import { ChatWebhooks } from './chat-webhooks.ts';
import { VirtualClock } from './clock/clock.ts';
import { type Edge, startEdge } from './edge/edge.ts';
import type { SimulatedHost } from './edge/host.ts';
import { GITHUB_ISSUER, GitHubOidc, type ReadAssertion } from './github/oidc.ts';
import { GitHubRestApi } from './github/rest-api.ts';
import type { WorkflowIdentity } from './github/workflow-identity.ts';
import { openArtifactRegistry } from './google/artifact-registry.ts';
import { GoogleCloud, type GoogleCloudOptions } from './google/google-cloud.ts';
import { buildImage, type ImageOptions } from './images.ts';
import { KubernetesCluster } from './kubernetes/cluster.ts';
import { SimulatedRegistry } from './registry/registry.ts';
import { Telemetry } from './telemetry.ts';

/** The place where images are built: user and password as the inputs `registry-username` and `registry-password`. */
export const SOURCE = {
  host: 'ghcr.io',
  repository: 'acme/agent',
  username: 'octocat',
  password: 'ghs_sourcePassword',
};
export const ACCOUNT = '123456789012';
export const REGION = 'eu-west-1';
export const ECR_HOST = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`;

export const ECR_PUBLIC_HOST = 'public.ecr.aws';

const ACCESS_KEY_ID = 'AKIASIMULATED0000000';
const SECRET_ACCESS_KEY = 'simulated/Secret+Access/Key0000000000000';

/** One clock, the clouds, and the edge to them. Worlds share nothing, so they can live side by side. */
export interface World {
  readonly clock: VirtualClock;
  readonly edge: Edge;
  readonly aws: AwsCloud;
  readonly google: GoogleCloud;
  readonly azure: AzureCloud;
  readonly kubernetes: KubernetesCluster;
  /** Whose tokens all clouds read. */
  readonly github: GitHubOidc;
  /** Where deployments, comments and checks of the repository are. */
  readonly gitHubApi: GitHubRestApi;
  readonly chat: ChatWebhooks;
  readonly telemetry: Telemetry;
  readonly source: SimulatedRegistry;
  readonly ecr: SimulatedRegistry;
  /** public.ecr.aws */
  readonly ecrPublic: SimulatedRegistry;
  readonly artifactRegistry: SimulatedRegistry;
  /** What the action's process gets: proxy, certificates, time, and the cloud's credentials. */
  readonly env: Readonly<Record<string, string>>;
  /** Builds an image that behaves so and puts it into the source registry; returns its name with the tag. */
  publish(tag: string, behaviour: Partial<Behaviour>, options?: Omit<ImageOptions, 'behaviour'>): string;
  /** @throws what a simulator threw. */
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly immutableTags?: boolean;
  /** Of the cloud's credentials; absent: they are of a user, who has none. */
  readonly sessionToken?: string;
  /** More regions of the account, with nothing in them. */
  readonly emptyRegions?: readonly string[];
  readonly google?: Partial<GoogleCloudOptions>;
  /** More that the edge leads to. */
  readonly moreHosts?: readonly SimulatedHost[];
  /** The job that requests tokens, until a test changes it; it is the one that the Azure application trusts. */
  readonly github?: Partial<WorkflowIdentity>;
}

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const clock = await VirtualClock.open();
  const source = new SimulatedRegistry({
    hostnames: [SOURCE.host],
    clock,
    auth: { kind: 'bearer', users: { [SOURCE.username]: SOURCE.password } },
    createOnPush: true,
    mount: 'allow',
  });
  const images: ImageSource = {
    pull: (image, platform) =>
      source.pull(image, platform) ??
      ecr.pull(image, platform) ??
      ecrPublic.pull(image, platform) ??
      artifactRegistry.pull(image, platform) ??
      azure.acr.pull(image, platform),
  };
  const { sessionToken } = options;
  const credentials = {
    accessKeyId: ACCESS_KEY_ID,
    secretAccessKey: SECRET_ACCESS_KEY,
    ...(sessionToken ? { sessionToken } : {}),
  };
  const openRegion = (region: string) => new AwsCloud({ clock, images, account: ACCOUNT, region, ...credentials });
  const aws = openRegion(REGION);
  const github = new GitHubOidc(clock, options.github);
  const readAssertion: ReadAssertion = (token) => github.read(token);
  const google = new GoogleCloud({ clock, images, readAssertion, ...options.google });
  const { immutableTags = false } = options;
  const artifactRegistry: SimulatedRegistry = openArtifactRegistry({ clock, cloud: google, immutableTags });
  const elsewhere = (options.emptyRegions ?? []).flatMap((region) => openRegion(region).hosts);
  const ecr: SimulatedRegistry = new SimulatedRegistry({
    hostnames: [ECR_HOST],
    clock,
    auth: {
      kind: 'basic',
      accepts: (password) => aws.acceptsPassword(password),
      denial: (action, repository) => aws.denialInRegistry(action, repository),
    },
    createOnPush: false,
    immutableTags,
    redirectBlobsTo: `prod-${REGION}-starport-layer-bucket.s3.${REGION}.amazonaws.com`,
    mount: 'ignore',
  });
  // https://docs.aws.amazon.com/AmazonECR/latest/public/public-registry-auth.html
  const ecrPublic: SimulatedRegistry = new SimulatedRegistry({
    hostnames: [ECR_PUBLIC_HOST],
    clock,
    auth: {
      ...{ kind: 'bearer', users: {}, tokenName: 'ecr-public-token' },
      ...{ user: 'AWS', accepts: (password) => aws.acceptsPassword(password) },
    },
    createOnPush: false,
    mount: 'ignore',
  });
  const azure: AzureCloud = new AzureCloud({
    clock,
    images,
    readAssertion,
    federatedCredentials: [{ issuer: GITHUB_ISSUER, subject: github.subject, audience: 'api://AzureADTokenExchange' }],
    outside: [source],
  });
  const kubernetes = new KubernetesCluster({ clock, images });
  const gitHubApi = new GitHubRestApi(clock);
  const chat = new ChatWebhooks();
  const telemetry = new Telemetry();
  const clouds = [...aws.hosts, ...elsewhere, ...google.hosts, ...azure.hosts, ...kubernetes.hosts];
  const more = options.moreHosts ?? [];
  const edge = await startEdge({
    hosts: [...more, source, ecr, ecrPublic, artifactRegistry, github, gitHubApi, chat, telemetry, ...clouds],
    clock,
  });
  return {
    clock,
    edge,
    aws,
    google,
    azure,
    kubernetes,
    github,
    gitHubApi,
    chat,
    telemetry,
    source,
    ecr,
    ecrPublic,
    artifactRegistry,
    env: {
      ...edge.env,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: ACCESS_KEY_ID,
      AWS_SECRET_ACCESS_KEY: SECRET_ACCESS_KEY,
      ...(sessionToken ? { AWS_SESSION_TOKEN: sessionToken } : {}),
      // Nothing that is on this machine may answer instead.
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    publish(tag, behaviour, rest = {}) {
      const image = buildImage({ seed: tag, ...rest, behaviour: { version: tag, ...behaviour } });
      source.seed(SOURCE.repository, tag, image);
      return `${SOURCE.host}/${SOURCE.repository}:${tag}`;
    },
    async close() {
      await edge.close();
      clock.close();
    },
  };
}
