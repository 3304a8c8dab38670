import { DeployError } from '../../../model/errors.ts';
import { formatImage } from '../../../model/image.ts';
import type { EditChange } from '../../../model/workload.ts';
import type { RunService } from './service.ts';

/** https://cloud.google.com/run/docs/deploying#images */
const PULLABLE = /^(?:docker\.io|(?:[a-z0-9-]+\.)?gcr\.io|(?:[a-z0-9-]+-)?docker\.pkg\.dev)$/;

/**
 * Google refuses the update only when the image is in it: the plan, and a copy, would have gone well.
 * @throws DeployError UNSUPPORTED that names every image which Cloud Run can't pull from where it is
 */
export function ensurePullable(run: RunService, { images }: EditChange): void {
  const others = images.map(({ image }) => image).filter(({ registry }) => !PULLABLE.test(registry));
  if (others.length === 0) return;
  const names = [...new Set(others.map(formatImage))].join(', ');
  const why = `could not deploy to ${run.resource}: Cloud Run pulls no image from there: ${names}`;
  throw new DeployError('UNSUPPORTED', why, {
    hint: `Copy it with \`copy-to: ${run.region}-docker.pkg.dev/${run.project}/REPOSITORY/IMAGE\`, or use a remote repository of Artifact Registry.`,
  });
}
