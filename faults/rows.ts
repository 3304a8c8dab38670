/** One target with one strategy on it: what every kind of disturbance is tried on. */
export interface Row {
  readonly target: 'ecs' | 'cloud-run' | 'container-apps' | 'kubernetes';
  readonly strategy: 'rolling' | 'canary' | 'blue-green' | 'preview';
  /**
   * How the user leads the traffic: to the latest revision, to one by name, or with one revision alone. `copy`: as `latest`,
   * and the image is copied from another registry; only the calls to registries are disturbed. Of Kubernetes: a Service that
   * selects the pods of a Deployment (`latest`) or of a StatefulSet, or a route with weights.
   */
  readonly form: 'latest' | 'by-name' | 'single' | 'copy' | 'stateful-set' | 'route';
}

const strategies = ['rolling', 'canary', 'blue-green', 'preview'] as const;

export const ROWS: readonly Row[] = [
  { target: 'ecs', strategy: 'rolling', form: 'latest' },
  ...strategies.map((strategy) => ({ target: 'cloud-run', strategy, form: 'latest' }) as const),
  ...strategies.map((strategy) => ({ target: 'container-apps', strategy, form: 'latest' }) as const),
  ...strategies.map((strategy) => ({ target: 'container-apps', strategy, form: 'by-name' }) as const),
  { target: 'container-apps', strategy: 'rolling', form: 'single' },
  ...strategies.map((strategy) => ({ target: 'kubernetes', strategy, form: 'latest' }) as const),
  { target: 'kubernetes', strategy: 'canary', form: 'route' },
  { target: 'kubernetes', strategy: 'rolling', form: 'stateful-set' },
  ...(['ecs', 'cloud-run', 'container-apps'] as const).map(
    (target) => ({ target, strategy: 'rolling', form: 'copy' }) as const,
  ),
];

/**
 * Of the calls of a run, those that are disturbed. A rollout on Kubernetes is watched by many polls that are the same: of those
 * the first and the last ones are.
 */
export function isDisturbed(
  { target, form }: Row,
  { operation, repeats }: { readonly operation: string; readonly repeats: boolean },
): boolean {
  if (target === 'kubernetes' && repeats) return false;
  return form !== 'copy' || /^(?:registry|ecr):/.test(operation);
}

export function titleOf({ target, strategy, form }: Row): string {
  return form === 'latest' ? `${target}, ${strategy}` : `${target}, ${strategy}, ${form}`;
}

const BUDGET = { timeout: '10m', 'rollback-timeout': '10m' };

/** Short bakes: what is analyzed is analyzed at least twice. */
export function inputsOf({ strategy }: Row): Readonly<Record<string, string>> {
  if (strategy === 'preview') return { ...BUDGET, traffic: '0' };
  const steps = { rolling: {}, canary: { steps: '20% for 20s' }, 'blue-green': { steps: '100% for 20s' } };
  return { ...BUDGET, strategy, ...steps[strategy] };
}

/** Of a run that nothing disturbs, and of the longest that is promised: `timeout`, then `rollback-timeout`, and a reserve. */
export const LONGEST_MAIN_MS = (10 + 10 + 2) * 60_000;
/** The post step's own budget is 180 s. */
export const LONGEST_POST_MS = 240_000;
