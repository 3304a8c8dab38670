import { type JsonObject, listAt, textAt } from '../../model/json.ts';
import { classifyContainer } from './classify-container.ts';
import { containersOf } from './pod-container.ts';
import type { ClusterEvent, PodFinding } from './pod-finding.ts';

export interface PodEvidence {
  /** Of this pod, as far as they were read. */
  readonly events: readonly ClusterEvent[];
}

/** What keeps one pod from being ready; []: nothing that shows. Pure. */
export function classifyPod(pod: JsonObject, { events }: PodEvidence): readonly PodFinding[] {
  if (textAt(pod, 'metadata', 'deletionTimestamp') !== '') return [];
  const failed = classifyPhase(pod);
  if (failed) return [failed];
  const unscheduled = classifyScheduling(pod, events);
  if (unscheduled) return [unscheduled];
  const containers = containersOf(pod).flatMap((container) => classifyContainer(container, events));
  return containers.length > 0 || isPodReady(pod) ? containers : explainByEvents(events);
}

/** Ready, or not only for a readiness gate. */
export function isPodReady(pod: JsonObject): boolean {
  return conditionOf(pod, 'Ready') === 'True' || conditionOf(pod, 'ContainersReady') === 'True';
}

function conditionOf(pod: JsonObject, type: string): string {
  const found = listAt(pod, 'status', 'conditions').find((condition) => textAt(condition, 'type') === type);
  return textAt(found, 'status');
}

// What the kubelet or the control plane says of a pod that it took off its node.
const NOT_THE_PROGRAM =
  /^(?:Evicted|NodeLost|Preempt\w*|NodeShutdown|Shutdown|Terminated|NodeAffinity|NodePorts|OutOf\w+|UnexpectedAdmissionError|TopologyAffinityError)$/;

function classifyPhase(pod: JsonObject): PodFinding | null {
  if (textAt(pod, 'status', 'phase') !== 'Failed') return null;
  const reason = textAt(pod, 'status', 'reason');
  if (!NOT_THE_PROGRAM.test(reason)) return null;
  const message = textAt(pod, 'status', 'message');
  return {
    ...{ reason, message: `taken off its node (${[reason, message].filter((part) => part !== '').join(': ')})` },
    ...{ hint: null, container: '', fatalAfterMs: null, isOfTemplate: false },
  };
}

/** The pod that has the port, the node or the volume mostly stays until ours is ready. */
const HELD_MS = 120_000;
/** The autoscaler itself says that it can't help. */
const NO_HELP_MS = 8_000;

const NO_ROOM =
  'Lower the resource requests of the pod template, add nodes, or correct its node selector and tolerations.';
const OLD_POD_FIRST = 'let the rollout take an old pod away first (`maxSurge: 0`, `maxUnavailable: 1`)';
/** Mostly by a pod of the previous template, which stays until the new one is ready. */
const HELD: readonly (readonly [RegExp, string])[] = [
  [
    /didn't have free ports/,
    `The host port is in use on the nodes: ${OLD_POD_FIRST}, add nodes, or leave \`hostPort\` out.`,
  ],
  [
    /didn't (?:match|satisfy) (?:existing pods )?(?:pod )?anti-affinity rules/,
    `Each node has a pod that the anti-affinity of the pod template keeps away from: ${OLD_POD_FIRST}, add nodes, or prefer instead of require it.`,
  ],
];
const VOLUME_IN_USE = `The volume is attached to the node of another pod, and can be on one node only: set \`strategy: Recreate\`, or ${OLD_POD_FIRST}.`;

/**
 * A node may come, or a pod may end: that is left to the progress deadline of the Deployment. Not every autoscaler says what it
 * does, and its events may not be read.
 */
function classifyScheduling(pod: JsonObject, events: readonly ClusterEvent[]): PodFinding | null {
  const condition = listAt(pod, 'status', 'conditions').find((one) => textAt(one, 'type') === 'PodScheduled');
  if (textAt(condition, 'status') !== 'False' || textAt(condition, 'reason') !== 'Unschedulable') return null;
  const has = (reason: RegExp) => events.some((event) => reason.test(event.reason));
  const isScaling = has(/^(?:TriggeredScaleUp|Nominated)$/);
  const isHopeless = has(/^NotTriggerScaleUp$/) && !isScaling;
  const helper = isScaling
    ? '; the autoscaler adds a node'
    : isHopeless
      ? '; the autoscaler can’t add a node for it'
      : '';
  const held = HELD.find(([pattern]) => pattern.test(textAt(condition, 'message')))?.[1];
  return {
    reason: 'Unschedulable',
    message: `no node has room for it (${textAt(condition, 'message')})${helper}`,
    hint: held ?? NO_ROOM,
    container: '',
    fatalAfterMs: isScaling ? null : isHopeless ? NO_HELP_MS : held === undefined ? null : HELD_MS,
    ...(isScaling ? { isHelped: true } : {}),
    isOfTemplate: true,
  };
}

const EXPLAINED = /^(?:Failed(?:Mount|AttachVolume|MapVolume|CreatePodSandBox)|Unhealthy|NetworkNotReady)$/;

/** A volume that can't be mounted, a probe that fails: told, and left to the deadline. */
function explainByEvents(events: readonly ClusterEvent[]): readonly PodFinding[] {
  const told = events.filter(({ type, reason }) => type !== 'Normal' && EXPLAINED.test(reason));
  // It is attached when what comes after that has begun.
  const isAttached = events.some(({ reason }) => /^(?:SuccessfulAttachVolume|Pull(?:ing|ed)|Created)$/.test(reason));
  return told.map(({ reason, message, count }) => {
    const isHeld = /^Multi-Attach error/.test(message) && !isAttached;
    return {
      reason: isHeld ? 'VolumeInUse' : reason,
      message: count > 1 ? `${message} (${count} times)` : message,
      hint: isHeld ? VOLUME_IN_USE : reason === 'Unhealthy' ? 'Check the readiness probe and what it asks for.' : null,
      ...{ container: '', fatalAfterMs: isHeld ? HELD_MS : null, isOfTemplate: true },
    };
  });
}
