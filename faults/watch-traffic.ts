import type { Stage } from './stage.ts';

export interface Versions {
  readonly good: readonly string[];
  readonly bad: readonly string[];
  /** Another user sent traffic to whatever is newest: only the end counts. */
  readonly isForeign?: boolean;
}

export interface TrafficWatch {
  /** Versions that had traffic and should not have had it. Rolling deployments give it before anything can be tested. */
  violations(versions: Versions): readonly string[];
}

/** Notes at each call who has traffic, and which versions have passed a smoke test by then. */
export function watchTraffic(stage: Stage): TrafficWatch {
  const { row, agent } = stage;
  const early = new Set<string>();
  const had = new Set<string>();
  const passed = new Set<string>();
  const note = (): void => {
    for (const { version } of stage.shares()) {
      had.add(version);
      if (!passed.has(version)) early.add(version);
    }
  };
  agent.world.edge.onExchange(({ operation, answer }) => {
    note();
    if (!operation.startsWith('workload:') || answer.status !== 200) return;
    passed.add(String(answer.body));
  });
  return {
    violations({ good, bad, isForeign = false }) {
      note();
      const now = stage.shares().map(({ version }) => version);
      const atEnd = bad
        .filter((version) => now.includes(version))
        .map((version) => `${version} has traffic and failed`);
      if (row.strategy === 'rolling' || isForeign) return atEnd;
      const untested = [...good, ...bad].filter((version) => early.has(version));
      const shown = row.strategy === 'preview' ? good.filter((version) => had.has(version)) : [];
      return [
        ...atEnd,
        ...untested.map((version) => `${version} had traffic before it passed its smoke tests`),
        ...shown.map((version) => `${version} had traffic, and was a preview`),
      ];
    },
  };
}
