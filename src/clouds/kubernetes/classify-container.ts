import { numberAt, objectAt, textAt } from '../../model/json.ts';
import { describeEnd, endOf, type PodContainer } from './pod-container.ts';
import type { ClusterEvent, PodFinding } from './pod-finding.ts';
import { classifyPullError, pullHint } from './pull-error.ts';

/** Seen in two polls. */
const TWICE_MS = 1_000;
/** A Secret or ConfigMap may be created by another controller at the same time. */
const MISSING_REFERENCE_MS = 5_000;

/** What is wrong with one container; []: nothing that shows. Pure. */
export function classifyContainer(container: PodContainer, events: readonly ClusterEvent[]): readonly PodFinding[] {
  const found =
    classifyWaiting(container, events) ?? classifyEnd(container) ?? (isWell(container) ? null : explainEnd(container));
  return found ? [found] : [];
}

type Judgement = Pick<PodFinding, 'message' | 'fatalAfterMs'> & Partial<PodFinding>;

function finding({ status }: PodContainer, reason: string, judgement: Judgement): PodFinding {
  return { reason, container: textAt(status, 'name'), hint: null, isOfTemplate: true, ...judgement };
}

function classifyWaiting(container: PodContainer, events: readonly ClusterEvent[]): PodFinding | null {
  const { reason, message } = waitingOf(container);
  switch (reason) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'RegistryUnavailable':
    case 'ImageInspectError':
      return classifyPull(container, { reason, message }, events);
    case 'InvalidImageName':
    case 'ErrImageNeverPull':
    case 'SignatureValidationFailed':
      return finding(container, reason, {
        message: `its image can’t be used (${message})`,
        hint: 'Correct the image’s name, or `imagePullPolicy`.',
        fatalAfterMs: TWICE_MS,
      });
    case 'CreateContainerConfigError':
      return finding(container, reason, {
        message: `its configuration can’t be used (${message})`,
        hint: 'Create the Secret, ConfigMap or key that is named here, or correct the reference to it.',
        fatalAfterMs: MISSING_REFERENCE_MS,
      });
    case 'CreateContainerError':
    case 'RunContainerError':
    case 'PostStartHookError':
    case 'PreStartHookError':
      return finding(container, reason, {
        message: `it can’t be started (${message})`,
        hint: startHint(message),
        fatalAfterMs: isWrongProgram(message) ? 0 : TWICE_MS,
        // A node may be out of order.
        isOfTemplate: isWrongProgram(message),
      });
    case 'CrashLoopBackOff':
      return classifyProgram(container) ?? classifyCrash(container, reason);
    default:
      return null;
  }
}

/** `Back-off pulling image "…"` alone has no cause: the events then have it. */
function classifyPull(
  container: PodContainer,
  { reason, message }: { readonly reason: string; readonly message: string },
  events: readonly ClusterEvent[],
): PodFinding {
  const image = textAt(container.spec, 'image');
  const told = [message, ...events.filter(isPullEvent(image)).map((event) => event.message)];
  const cause = told.find((text) => classifyPullError(withoutImage(text, image)) !== 'unknown') ?? message;
  const verdict = classifyPullError(withoutImage(cause, image));
  return finding(container, reason, {
    message: `its image can’t be pulled${verdict === 'transient' ? ' now' : ''} (${cause})`,
    hint: verdict === 'permanent' ? pullHint(withoutImage(cause, image)) : null,
    fatalAfterMs: verdict === 'permanent' ? TWICE_MS : null,
  });
}

function isPullEvent(image: string): (event: ClusterEvent) => boolean {
  return ({ reason, message }) => reason === 'Failed' && message.includes(image);
}

/** The name of an image may hold any word: `registry.acme.dev/not/found`. */
function withoutImage(message: string, image: string): string {
  return image === '' ? message : message.replaceAll(image, '');
}

/** A program that can't be run, which would only repeat itself. */
function classifyProgram(container: PodContainer): PodFinding | null {
  const end = endOf(container);
  if (!end || !(isWrongProgram(end.message) || end.exitCode === 126 || end.exitCode === 127)) return null;
  return finding(container, end.reason || 'StartError', {
    message: `its program can’t be run: ${describeEnd(end)}`,
    hint: startHint(end.message, end.exitCode),
    fatalAfterMs: 0,
  });
}

/** One that has ended, and does not wait to be started again. */
function classifyEnd(container: PodContainer): PodFinding | null {
  const end = endOf(container);
  if (!end || (container.kind === 'init' && end.exitCode === 0)) return null;
  const program = classifyProgram(container);
  if (program) return program;
  const { reason, exitCode, message, isNow } = end;
  const restarts = restartsOf(container);
  if (reason === 'StartError' || reason === 'ContainerCannotRun') {
    return finding(container, reason, { message: `it can’t be started (${message})`, fatalAfterMs: TWICE_MS });
  }
  // The second time: a first one may be of a start that took more than the rest does.
  if (reason === 'OOMKilled' && restarts > 0 && isNow) return classifyCrash(container, 'OOMKilled');
  if (restarts >= 2 && exitCode !== 0) return classifyCrash(container, 'CrashLoop');
  return null;
}

function classifyCrash(container: PodContainer, reason: string): PodFinding {
  const end = endOf(container);
  const restarts = restartsOf(container);
  const limit = textAt(container.spec, 'resources', 'limits', 'memory');
  const isMemory = end?.reason === 'OOMKilled';
  const over = isMemory ? `; its memory limit is ${limit === '' ? 'that of the node' : limit}` : '';
  const what = end?.exitCode === 0 ? 'its program ends by itself' : 'it crashes';
  const hint = isMemory
    ? 'Raise `resources.limits.memory` of the container, or make the program use less.'
    : end?.exitCode === 0
      ? 'Start a program that does not end.'
      : null;
  return finding(container, isMemory ? 'OOMKilled' : reason, {
    message: `${what}${end ? `: ${describeEnd(end)}` : ''}, ${restarts} ${restarts === 1 ? 'restart' : 'restarts'}${over}`,
    hint,
    fatalAfterMs: 0,
  });
}

/** It has crashed once, and may come up yet. */
function explainEnd(container: PodContainer): PodFinding | null {
  const end = endOf(container);
  if (!end) return null;
  return finding(container, end.reason || 'Error', {
    message: `it has ended: ${describeEnd(end)}`,
    fatalAfterMs: null,
  });
}

function isWell(container: PodContainer): boolean {
  const end = endOf(container);
  if (container.kind === 'init') return !end?.isNow || end.exitCode === 0;
  return container.status['ready'] === true;
}

function restartsOf({ status }: PodContainer): number {
  return numberAt(status, 'restartCount');
}

function waitingOf({ status }: PodContainer): { readonly reason: string; readonly message: string } {
  const waiting = objectAt(status, 'state', 'waiting');
  return { reason: textAt(waiting, 'reason'), message: textAt(waiting, 'message') };
}

function isWrongProgram(message: string): boolean {
  return /exec format error|executable file not found|no such file or directory.*exec|permission denied.*exec|exec:? .*(?:no such file|permission denied)/i.test(
    message,
  );
}

/** What to do about a program that can't be run; null: the words do not tell. */
export function startHint(message: string, exitCode = 0): string | null {
  if (/exec format error/i.test(message))
    return 'Build the image for the processor of the nodes (docker buildx build --platform linux/amd64,linux/arm64).';
  if (exitCode === 127 || /not found|no such file/i.test(message))
    return 'Check the command of the container: the image has no such program.';
  if (exitCode === 126 || /permission denied/i.test(message))
    return 'Make the program of the image executable for the user that the container runs as.';
  return null;
}
