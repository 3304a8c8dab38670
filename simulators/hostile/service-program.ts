import { groupOf, type HostileBehaviour } from './behaviour.ts';
import { rowsOfAbuses } from './http-abuse.ts';
import { bodies, MUST_CONTAIN, PROBE, redirects, texts } from './service-answers.ts';

const LASTING = [
  'no answer',
  'switch to a protocol that no one asked for',
  'endless body',
  'redirect to a metadata service',
  'commands, colors and Markdown',
];

/** Some of them from the previous revision too, which is tested after the rollback. */
const lasting = groupOf(
  'rollbacks',
  [...redirects, ...bodies, ...texts, ...rowsOfAbuses(PROBE, 'rolled-back', MUST_CONTAIN)]
    .filter(({ name }) => LASTING.includes(name))
    .map((row) => ({
      ...row,
      name: `${row.name}, before and after the rollback`,
      isLasting: true,
      ends: 'rollback-unconfirmed',
    })),
);

/** A service under test that is out for headers, bodies, other hosts, the log, the summary and endless runs. */
export const hostileService: readonly HostileBehaviour[] = [
  ...redirects,
  ...bodies,
  ...texts,
  ...groupOf('HTTP', rowsOfAbuses(PROBE, 'rolled-back', MUST_CONTAIN)),
  ...lasting,
];
