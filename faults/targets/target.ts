import type { Agent } from '../../simulators/agent.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';

/** A revision of the service, by the version of its image. */
export interface Share {
  readonly version: string;
  readonly percent: number;
}

/** What the story needs of a cloud beside the action's own view of it. */
export interface TargetStage {
  readonly agent: Agent;
  /** Beside the usual ones of the agent and of the program. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** Puts an image into the registry that the service pulls from; returns its reference by tag. */
  publish(version: string, behaviour: Partial<Behaviour>): string;
  /** Who gets traffic by weight now. */
  shares(): readonly Share[];
  /** Names that the platform or the action gave, each with the version that it stands for. */
  names(): ReadonlyMap<string, string>;
  /** Another user deploys this image, which takes the user's traffic. */
  foreignDeploy(image: string): void;
  /** Another user makes a revision without traffic; null: the platform has no such thing. */
  foreignPreview: ((image: string) => void) | null;
  /** A person runs the command that lets the traffic follow the latest revision; null: the platform has no such form. */
  release: (() => void) | null;
  /**
   * How many calls had come when the change of another user took effect, which may wait for the platform. 0: the platform
   * refused it; null: not yet.
   */
  foreignAt?(): number | null;
  /** A person runs the command that ends this revision; null: the platform has none that runs without traffic. */
  deactivate: ((revision: string) => void) | null;
  /** A tool applies the configuration again that the service had at the beginning. */
  reapply(): void;
}
