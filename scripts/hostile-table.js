import { hostileRegistry } from '../simulators/hostile/registry-program.ts';
import { hostileService } from '../simulators/hostile/service-program.ts';
import { cell, replaceBetweenMarks, table } from './markdown-table.js';

/** docs/security.md with a fresh table of what the hostile servers do. */
export function withFreshBehaviours(page) {
  const rows = Object.entries({ registry: hostileRegistry, service: hostileService }).flatMap(([program, all]) =>
    [...new Set(all.map(({ group }) => group))].map((group) => {
      const names = all.filter((behaviour) => behaviour.group === group).map(({ name }) => cell(name));
      return [program, group, String(names.length), names.join('; ')];
    }),
  );
  return replaceBetweenMarks(page, 'hostile', table(['Server', 'About', '', 'What it does'], rows));
}
