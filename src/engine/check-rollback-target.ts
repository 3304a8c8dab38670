import { DeployError } from '../model/errors.ts';
import type { RestorePoint } from '../model/restore-point.ts';
import type { Rollout } from './rollout.ts';

type RollbackCheck = Pick<Rollout, 'workload' | 'findImage' | 'allowNoRollback' | 'io'>;

const MOST_IMAGES = 10;

/**
 * Checks before anything is touched that a rollback could work: lifecycle rules delete images in use, and platforms purge
 * revisions. Only evidence counts: what may not be read is no obstacle.
 * @throws DeployError UNSUPPORTED that names everything that is missing
 */
export async function ensureRollbackTarget(point: RestorePoint, check: RollbackCheck): Promise<void> {
  const { workload, allowNoRollback, io } = check;
  if (point.revision === null) return;
  const found = await workload.rollbackTarget(point);
  const missing = await findMissing(found.images, check);
  const obstacles = [...found.obstacles, ...missing.map(describeMissing)];
  if (obstacles.length === 0) return;
  const why = `could not guarantee a rollback of ${workload.resource} to ${point.revision}: ${obstacles.map(({ message }) => message).join('; ')}`;
  const hints = [...new Set(obstacles.map(({ hint }) => hint))].join(' ');
  if (allowNoRollback) return io.log.warning(`${why}. Going on, as \`allow-no-rollback: true\` says.`);
  throw new DeployError('UNSUPPORTED', why, {
    hint: `${hints} To deploy without a way to roll back: \`allow-no-rollback: true\`.`,
  });
}

async function findMissing(images: readonly string[], { findImage }: RollbackCheck): Promise<readonly string[]> {
  const distinct = [...new Set(images)].slice(0, MOST_IMAGES);
  const found = await Promise.all(distinct.map(async (image) => ({ image, state: await findImage(image) })));
  return found.filter(({ state }) => state === 'missing').map(({ image }) => image);
}

function describeMissing(image: string): { readonly message: string; readonly hint: string } {
  return {
    message: `its image ${image} is not in the registry any more`,
    hint: 'Push that image again, or keep images in use (a lifecycle rule may have deleted it).',
  };
}
