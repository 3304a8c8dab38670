/** What one container or pod shows that is in the way of its being ready. */
export interface PodFinding {
  /** A stable word, mostly the kubelet's own: `ImagePullBackOff`. */
  readonly reason: string;
  /** For people; holds foreign text. */
  readonly message: string;
  readonly hint: string | null;
  /** Name of the container; '': it is about the pod. */
  readonly container: string;
  /**
   * How long it has to be seen until it is a failure, in milliseconds; null: it never is by itself, as it may pass or isn't
   * the program's fault.
   */
  readonly fatalAfterMs: number | null;
  /** It would be the same in each other pod of the template. */
  readonly isOfTemplate: boolean;
  /** An autoscaler makes room for it. */
  readonly isHelped?: boolean;
}

/** An event of a pod or of its workload. */
export interface ClusterEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}
