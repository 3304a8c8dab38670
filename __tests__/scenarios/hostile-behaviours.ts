import type { HostileBehaviour } from '../../simulators/hostile/behaviour.ts';
import { playAgainst } from './hostile-run.ts';

/** On source, one of so many: all of them take minutes. `HOSTILE=all`, or a part of a name: those, wherever. */
const EACH = process.env['SCENARIOS_ON'] === 'dist' || process.env['HOSTILE'] === 'all' ? 1 : 4;
const NAMED = process.env['HOSTILE'] === 'all' ? '' : process.env['HOSTILE'];

export interface Tally {
  readonly groups: readonly (readonly [group: string, behaviours: readonly HostileBehaviour[]])[];
  /** Plays them one after another. Returns what was broken, with the name of the behaviour. */
  play(behaviours: readonly HostileBehaviour[]): Promise<readonly string[]>;
  /** `71 of 71` */
  print(): void;
}

/** What of a program is played here, and how it ends. */
export function openTally(program: 'registry' | 'service', all: readonly HostileBehaviour[]): Tally {
  const chosen = all.filter(({ name }, index) => (NAMED ? name.includes(NAMED) : index % EACH === 0));
  const groups = [...new Set(chosen.map(({ group }) => group))];
  let kept = 0;
  return {
    groups: groups.map((group) => [group, chosen.filter((behaviour) => behaviour.group === group)]),
    async play(behaviours) {
      const broken: string[] = [];
      for (const behaviour of behaviours) {
        const found = await playAgainst(program, behaviour);
        if (found.length === 0) kept += 1;
        else broken.push([`${behaviour.name}:`, ...found].join('\n  '));
      }
      return broken;
    },
    print() {
      const where = chosen.length === all.length ? '' : `, a sample of ${all.length}: SCENARIOS_ON=dist plays all`;
      process.stdout.write(`Hostile ${program}: ${kept} of ${chosen.length} end as promised${where}\n`);
    },
  };
}
