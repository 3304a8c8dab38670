import { type Crash, crashOf } from '../../behaviour.ts';
import { type JsonObject, objectsAt, textAt } from '../../json.ts';
import { labelsOf, nameOf, namespaceOf, numberAt, uidOf } from '../object.ts';
import { NODES } from '../resources.ts';
import { missingReference, missingVolume, unverifiedUser, volumeInUse } from './configuration.ts';
import { type ContainerLife, isInitialized, isRunning, newContainer, type Terminated } from './container-life.ts';
import type { KubeletHost, Pace } from './host.ts';
import { type PullTrouble, pullImage } from './image-pull.ts';
import { phaseOf, podStatus } from './pod-status.ts';
import { nextLook, type Probe, readProbe } from './probes.ts';
import { runProgram } from './program.ts';
import type { Reach } from './reach.ts';

export interface PodHome {
  readonly host: KubeletHost;
  readonly pace: Pace;
  readonly troubles: readonly PullTrouble[];
  /** An address that no other pod has. */
  nextAddress(): string;
  /** What its programs get that send requests. */
  readonly reach: Reach;
}

const RETRY_MS = 10_000;
const AT_ONCE_MS = 1_000;

/** A pod on its node: what its containers do by themselves, and what its status says of it. */
export class PodLife {
  readonly containers: readonly ContainerLife[];
  readonly #home: PodHome;
  readonly #startedAt: number;
  #pod: JsonObject;
  #ip = '';
  #ended: { readonly reason: string; readonly message: string } | null = null;
  #isStopping = false;
  #isOver = false;

  constructor(home: PodHome, pod: JsonObject) {
    this.#home = home;
    this.#pod = pod;
    this.#startedAt = home.host.now();
    const inits = objectsAt(pod, 'spec', 'initContainers');
    this.containers = [
      ...inits.map((spec) => newContainer(spec, spec['restartPolicy'] === 'Always' ? 'sidecar' : 'init')),
      ...objectsAt(pod, 'spec', 'containers').map((spec) => {
        const life = newContainer(spec, 'main');
        if (inits.length > 0) life.state = { kind: 'waiting', reason: 'PodInitializing', message: '' };
        return life;
      }),
    ];
    this.#after(home.pace.sandboxMs, () => this.#mount());
    this.#report();
  }

  get ip(): string {
    return this.#ip;
  }

  get pod(): JsonObject {
    return this.#pod;
  }

  /** The API server's object has changed. */
  observe(pod: JsonObject): void {
    this.#pod = pod;
    if (textAt(pod, 'metadata', 'deletionTimestamp') !== '') this.#stop();
    else this.#report();
  }

  /** It is gone: nothing happens to it any more. */
  forget(): void {
    this.#isOver = true;
  }

  /** The node ends it. */
  end(reason: string, message: string): void {
    if (this.#ended || this.#isOver) return;
    this.#ended = { reason, message };
    for (const container of this.containers)
      if (isRunning(container)) this.#terminate(container, { exitCode: 137, reason: 'Error', message: '', logs: [] });
    this.#record('Warning', reason, message);
    this.#report();
  }

  /** Volumes first; one that isn't there is waited for. */
  #mount(): void {
    const held = volumeInUse(this.#home.host.objects, this.#pod);
    if (held !== null) {
      this.#home.host.record(this.#pod, {
        ...{ type: 'Warning', reason: 'FailedAttachVolume', message: held, by: 'attachdetach-controller' },
      });
      return void this.#after(RETRY_MS, () => this.#mount());
    }
    const problem = missingVolume(this.#home.host.objects, namespaceOf(this.#pod), this.#pod);
    if (problem !== null) {
      this.#record('Warning', 'FailedMount', problem);
      return void this.#after(RETRY_MS, () => this.#mount());
    }
    this.#ip = this.#home.nextAddress();
    this.#report();
    this.#startNext();
  }

  /** Init containers one after another, then the others at once. */
  #startNext(): void {
    const next = this.containers.find((one) => one.role !== 'main' && !isInitialized(one));
    if (next) return void this.#pullOnce(next);
    for (const one of this.containers) if (one.role === 'main') this.#pullOnce(one);
  }

  /** Unless it is under way already. */
  #pullOnce(container: ContainerLife): void {
    if (container.pulls === 0 && container.state.kind === 'waiting') this.#pull(container);
  }

  #pull(container: ContainerLife): void {
    container.pulls += 1;
    const attempt = container.pulls;
    const image = textAt(container.spec, 'image');
    if (attempt === 1) this.#record('Normal', 'Pulling', `Pulling image "${image}"`);
    this.#after(this.#home.pace.pullMs, () => {
      const pulled = pullImage(this.#home.host, {
        image,
        platform: this.#platform(),
        attempt,
        troubles: this.#home.troubles,
      });
      if ('why' in pulled) return this.#failPull(container, pulled.why);
      container.image = pulled.image;
      container.backOffMs = 0;
      this.#record('Normal', 'Pulled', `Successfully pulled image "${image}"`);
      this.#configure(container);
    });
  }

  #failPull(container: ContainerLife, why: string): void {
    const image = textAt(container.spec, 'image');
    this.#record('Warning', 'Failed', `Failed to pull image "${image}": ${why}`);
    this.#record('Warning', 'Failed', 'Error: ErrImagePull');
    this.#wait(container, 'ErrImagePull', why);
    const backOffMs = this.#nextBackOff(container);
    this.#after(AT_ONCE_MS, () => {
      this.#record('Normal', 'BackOff', `Back-off pulling image "${image}"`);
      this.#record('Warning', 'Failed', 'Error: ImagePullBackOff');
      this.#wait(container, 'ImagePullBackOff', `Back-off pulling image "${image}": ErrImagePull: ${why}`);
    });
    this.#after(AT_ONCE_MS + backOffMs, () => this.#pull(container));
  }

  #configure(container: ContainerLife): void {
    const problem =
      missingReference(this.#home.host.objects, namespaceOf(this.#pod), container.spec) ??
      unverifiedUser(this.#pod, container.spec, container.image?.behaviour.user);
    if (problem === null) return void this.#start(container);
    this.#record('Warning', 'Failed', `Error: ${problem}`);
    this.#wait(container, 'CreateContainerConfigError', problem);
    this.#after(RETRY_MS, () => this.#configure(container));
  }

  #start(container: ContainerLife): void {
    const { name } = container;
    this.#record('Normal', 'Created', `Container created`);
    this.#record('Normal', 'Started', `Container started`);
    container.state = { kind: 'running', startedAt: this.#home.host.now() };
    container.started = readProbe(container.spec, 'startupProbe') === null;
    container.passes = false;
    container.requests = 0;
    const crash = crashOf(container.image!.behaviour, container.restarts);
    const run = container.state;
    const alive = (): boolean => container.state === run;
    const endAfter = (ms: number, exitCode: number, logs: readonly string[]): void =>
      this.#after(ms, () => {
        if (alive()) this.#exit(container, { exitCode, logs });
      });
    const program = runProgram({
      ...{ pod: this.#pod, spec: container.spec, behaviour: container.image!.behaviour },
      ...{ objects: this.#home.host.objects, reach: this.#home.reach },
    });
    container.isProgram = program !== null;
    if (program && 'startError' in program) return void this.#failStart(container, program.startError);
    if (program) endAfter(program.ms, program.exitCode, program.output.split('\n'));
    else if (crash) endAfter(crash.afterMs, exitCodeOf(crash), crash.logs);
    // An init container's work is to end.
    else if (container.role === 'init') endAfter(AT_ONCE_MS, 0, []);
    this.#probe(container, alive);
    this.#report();
    if (isInitialized(container) && name !== '') this.#startNextSoon(container);
  }

  /** The runtime could not run it, which counts as an end. */
  #failStart(container: ContainerLife, message: string): void {
    this.#record('Warning', 'Failed', `Error: ${message}`);
    this.#terminate(container, { exitCode: 128, reason: 'StartError', message, logs: [] });
    this.#report();
  }

  #startNextSoon({ role }: ContainerLife): void {
    if (role !== 'main') this.#startNext();
  }

  #probe(container: ContainerLife, alive: () => boolean): void {
    const startup = readProbe(container.spec, 'startupProbe');
    const others = (): void => {
      this.#watchProbe(container, {
        probe: readProbe(container.spec, 'readinessProbe'),
        title: 'Readiness',
        alive,
        onTurn: (ok) => {
          container.passes = ok;
          this.#report();
        },
      });
      this.#watchProbe(container, {
        probe: readProbe(container.spec, 'livenessProbe'),
        title: 'Liveness',
        alive,
        onTurn: (ok) => {
          if (!ok) this.#kill(container, 'liveness');
        },
      });
    };
    if (!startup) return void others();
    this.#watchProbe(container, {
      probe: startup,
      title: 'Startup',
      alive: () => alive() && !container.started,
      onTurn: (ok) => {
        if (!ok) return this.#kill(container, 'startup');
        container.started = true;
        this.#report();
        others();
        this.#startNextSoon(container);
      },
    });
  }

  /** Looks only when something may have changed: what a container answers turns at known times. */
  #watchProbe(
    container: ContainerLife,
    {
      probe,
      title,
      alive,
      onTurn,
    }: {
      readonly probe: Probe | null;
      readonly title: string;
      readonly alive: () => boolean;
      readonly onTurn: (ok: boolean) => void;
    },
  ): void {
    const { behaviour } = container.image!;
    const { state } = container;
    if (!probe || state.kind !== 'running') return;
    const later = (uptimeMs: number, run: () => void): void =>
      this.#after(state.startedAt + uptimeMs - this.#home.host.now(), () => {
        if (alive()) run();
      });
    const look = (uptimeMs: number): void => {
      const { ok, why } = probe.look(behaviour, uptimeMs);
      if (!ok) this.#record('Warning', 'Unhealthy', `${title} probe failed: ${why}`);
      const turnAt = uptimeMs + ((ok ? probe.successes : probe.failures) - 1) * probe.periodMs;
      if (turnAt === uptimeMs) onTurn(ok);
      else later(turnAt, () => turnIfStill(turnAt, ok));
      const next = nextLook(probe, behaviour, uptimeMs);
      if (next !== null) later(next, () => look(next));
    };
    const turnIfStill = (uptimeMs: number, ok: boolean): void => {
      if (probe.look(behaviour, uptimeMs).ok === ok) onTurn(ok);
    };
    later(probe.initialDelayMs, () => look(probe.initialDelayMs));
  }

  #kill(container: ContainerLife, what: string): void {
    this.#record('Normal', 'Killing', `Container ${container.name} failed ${what} probe, will be restarted`);
    this.#exit(container, { exitCode: 137, reason: 'Error', logs: [] });
  }

  /** It ended by itself, or was ended: what follows is up to the pod's restart policy. */
  #exit(
    container: ContainerLife,
    {
      exitCode,
      logs,
      reason,
    }: { readonly exitCode: number; readonly logs: readonly string[]; readonly reason?: string },
  ): void {
    const isFallback = container.spec['terminationMessagePolicy'] === 'FallbackToLogsOnError' && exitCode !== 0;
    const why = reason ?? (exitCode === 0 ? 'Completed' : exitCode === 137 ? 'OOMKilled' : 'Error');
    this.#terminate(container, { exitCode, reason: why, message: isFallback ? logs.join('\n') : '', logs });
    this.#report();
    if (container.role === 'init' && exitCode === 0) return void this.#startNext();
    const policy = container.role === 'sidecar' ? 'Always' : textAt(this.#pod, 'spec', 'restartPolicy');
    const isRestarted =
      policy === 'OnFailure' || container.role === 'init' ? exitCode !== 0 && policy !== 'Never' : policy === 'Always';
    if (isRestarted) this.#restart(container);
  }

  #terminate(
    container: ContainerLife,
    { exitCode, reason, message, logs }: Pick<Terminated, 'exitCode' | 'reason' | 'message' | 'logs'>,
  ): void {
    const { state, image } = container;
    const startedAt = state.kind === 'running' ? state.startedAt : this.#home.host.now();
    const printed = container.isProgram ? logs : [...(image?.behaviour.logs ?? []), ...logs];
    container.last = {
      kind: 'terminated',
      startedAt,
      finishedAt: this.#home.host.now(),
      exitCode,
      reason,
      message,
      logs: printed,
    };
    container.state = container.last;
    container.started = false;
    container.passes = false;
  }

  /** The first time at once, then after 10 s, 20 s and so on. */
  #restart(container: ContainerLife): void {
    const again = (): void => {
      container.restarts += 1;
      this.#configure(container);
    };
    if (container.restarts === 0) return void this.#after(AT_ONCE_MS, again);
    const backOffMs = this.#nextBackOff(container);
    const subject = `container=${container.name} pod=${nameOf(this.#pod)}_${namespaceOf(this.#pod)}(${uidOf(this.#pod)})`;
    this.#after(AT_ONCE_MS, () => {
      this.#record(
        'Warning',
        'BackOff',
        `Back-off restarting failed container ${container.name} in pod ${nameOf(this.#pod)}_${namespaceOf(this.#pod)}(${uidOf(this.#pod)})`,
      );
      this.#wait(container, 'CrashLoopBackOff', `back-off ${formatBackOff(backOffMs)} restarting failed ${subject}`);
    });
    this.#after(AT_ONCE_MS + backOffMs, again);
  }

  #nextBackOff(container: ContainerLife): number {
    const { firstBackOffMs, longestBackOffMs } = this.#home.pace;
    container.backOffMs =
      container.backOffMs === 0 ? firstBackOffMs : Math.min(container.backOffMs * 2, longestBackOffMs);
    return container.backOffMs;
  }

  /** Containers go on until they have handled the signal; then the pod goes. */
  #stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    const grace = numberAt(this.#pod, 'metadata', 'deletionGracePeriodSeconds') * 1_000;
    const pauses = this.containers.map(
      ({ spec }) => numberAt(spec, 'lifecycle', 'preStop', 'sleep', 'seconds') * 1_000,
    );
    for (const { name } of this.containers.filter(isRunning))
      this.#record('Normal', 'Killing', `Stopping container ${name}`);
    const ms = Math.min(grace, Math.max(0, ...pauses) + this.#home.pace.stopMs);
    this.#home.host.at(this.#home.host.now() + ms, () => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#home.host.remove(this.#pod);
    });
  }

  #wait(container: ContainerLife, reason: string, message: string): void {
    container.state = { kind: 'waiting', reason, message };
    this.#report();
  }

  #report(): void {
    const { host } = this.#home;
    const facts = {
      containers: this.containers,
      hostIP: this.#hostIP(),
      ip: this.#ip,
      startedAt: this.#startedAt,
      ended: this.#ended,
      now: host.now(),
    };
    host.report(this.#pod, (pod) => podStatus(pod, facts));
  }

  #record(type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#home.host.record(this.#pod, { type, reason, message, by: 'kubelet' });
  }

  /** Not for a pod that has ended meanwhile. */
  #after(ms: number, run: () => void): void {
    const { host } = this.#home;
    host.at(host.now() + Math.max(0, ms), () => {
      const isStopped = this.#isStopping || this.#isOver || this.#ended !== null;
      if (!isStopped && !['Failed', 'Succeeded'].includes(phaseOf(this.#pod, this.containers))) run();
    });
  }

  #node(): JsonObject {
    return this.#home.host.objects.find(NODES, '', textAt(this.#pod, 'spec', 'nodeName')) ?? {};
  }

  #platform(): string {
    const architecture = labelsOf(this.#node())['kubernetes.io/arch'] ?? 'amd64';
    return `linux/${architecture}`;
  }

  #hostIP(): string {
    const address = objectsAt(this.#node(), 'status', 'addresses').find(({ type }) => type === 'InternalIP');
    return textAt(address ?? {}, 'address') || '10.0.0.1';
  }
}

/** As a shell or runc reports what it can't run. */
function exitCodeOf({ exitCode, logs }: Crash): number {
  return logs.some((line) => line.includes('exec format error')) ? 255 : exitCode;
}

function formatBackOff(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
