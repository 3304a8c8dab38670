import { PROGRAM_FILES, type Program } from '../../../model/inside.ts';
import { type JsonObject, listAt, objectAt, textAt } from '../../../model/json.ts';
import type { ClusterWorkload } from '../cluster-workload.ts';
import { shortName } from '../short-name.ts';
import { templateOf } from '../template-hash.ts';

/** Of a Job, its pod and its Secret: which workload it tests. */
export const TEST_LABEL = 'deploy-agent.dev/smoke-test-of';
/** Of a Job: which use of the action made it. */
export const RUN_ANNOTATION = 'deploy-agent.dev/run';
/** Of the container whose end counts; a mesh may add others. */
export const CONTAINER = 'smoke-test';

/** Labels are no longer, and a pod has the name of its Job in one. */
const LONGEST_LABEL = 63;
const SUFFIX = '-smoke-test';
/** So long a Job that is over is kept, if whoever made it is gone. */
const KEPT_SECONDS = 60;
const GRACE_SECONDS = 5;
/** `nobody`: what runs without being root has to have a number, as an image may only have a name. */
const NOBODY = 65_534;

export function jobName({ name }: Pick<ClusterWorkload, 'name'>): string {
  return shortName(name, LONGEST_LABEL - SUFFIX.length) + SUFFIX;
}

export interface JobPlan {
  readonly name: string;
  /** Of the Secret that holds the files of the program. */
  readonly secret: string;
  /** Which use of the action this is. */
  readonly runKey: string;
  /** From its creation on. */
  readonly deadlineSeconds: number;
  /** The cluster itself gives each namespace users of its own, and refuses others. */
  readonly choosesUser: boolean;
}

/** One pod that runs the program once, and goes by itself if whoever made it is gone. */
export function jobOf(workload: JsonObject, program: Program, plan: JobPlan): JsonObject {
  const labels = labelsOf(workload);
  return {
    ...{ apiVersion: 'batch/v1', kind: 'Job' },
    metadata: {
      ...{ name: plan.name, namespace: textAt(workload, 'metadata', 'namespace'), labels },
      annotations: { [RUN_ANNOTATION]: plan.runKey },
      ownerReferences: [ownerOf(workload)],
    },
    spec: {
      ...{ backoffLimit: 0, activeDeadlineSeconds: plan.deadlineSeconds, ttlSecondsAfterFinished: KEPT_SECONDS },
      template: { metadata: { labels }, spec: podOf(templateOf(workload), program, plan) },
    },
  };
}

/** Of the Job, so that it goes with it. */
export function secretOf(job: JsonObject, { files }: Program, name: string): JsonObject {
  const data = Object.fromEntries(Object.entries(files).map(([file, content]) => [file, content.toString('base64')]));
  return {
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', immutable: true },
    metadata: {
      ...{ name, namespace: textAt(job, 'metadata', 'namespace'), labels: objectAt(job, 'metadata', 'labels') },
      ownerReferences: [ownerOf(job)],
    },
    data,
  };
}

function labelsOf(workload: JsonObject): JsonObject {
  return { [TEST_LABEL]: shortName(textAt(workload, 'metadata', 'name'), LONGEST_LABEL) };
}

function ownerOf(object: JsonObject): JsonObject {
  const { name, uid } = objectAt(object, 'metadata');
  return { apiVersion: textAt(object, 'apiVersion'), kind: textAt(object, 'kind'), name: name ?? '', uid: uid ?? '' };
}

/** It conforms to the level "restricted": https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
function podOf(template: JsonObject, program: Program, { secret, choosesUser }: JobPlan): JsonObject {
  const spec = objectAt(template, 'spec');
  // Where the workload can be scheduled and its image pulled.
  const taken = ['imagePullSecrets', 'nodeSelector', 'tolerations'].filter((name) => spec[name] !== undefined);
  return {
    ...Object.fromEntries(taken.map((name) => [name, spec[name]])),
    ...{ restartPolicy: 'Never', terminationGracePeriodSeconds: GRACE_SECONDS },
    ...{ automountServiceAccountToken: false, enableServiceLinks: false },
    securityContext: {
      ...{ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      ...(choosesUser ? {} : userOf(template)),
    },
    containers: [
      {
        ...{ name: CONTAINER, image: program.image ?? textAt(mainContainer(template), 'image') },
        command: program.command,
        resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        volumeMounts: [{ name: 'files', mountPath: PROGRAM_FILES, readOnly: true }],
      },
    ],
    volumes: [{ name: 'files', secret: { secretName: secret, defaultMode: 0o444 } }],
  };
}

/** That of the workload, whose image may be what runs. */
function userOf(template: JsonObject): JsonObject {
  const contexts = [
    objectAt(template, 'spec', 'securityContext'),
    objectAt(mainContainer(template), 'securityContext'),
  ];
  const find = (name: string) => contexts.map((context) => context[name]).findLast((value) => value !== undefined);
  const [user, group] = [find('runAsUser'), find('runAsGroup')];
  const isRoot = user === undefined || user === 0;
  return { runAsUser: isRoot ? NOBODY : user, ...(group === undefined ? {} : { runAsGroup: group }) };
}

// https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

function mainContainer(template: JsonObject): JsonObject {
  const containers = listAt(template, 'spec', 'containers');
  const name = textAt(template, 'metadata', 'annotations', DEFAULT_CONTAINER);
  return containers.find((one) => textAt(one, 'name') === name) ?? containers[0] ?? {};
}
