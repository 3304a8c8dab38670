import { createHash } from 'node:crypto';
import { type ImageSource, type PulledImage, wellBehaved } from '../../behaviour.ts';

/** Images of the internet that nodes can pull, by the start of their name, and the programs that are in them. */
const PUBLIC_IMAGES: ReadonlyMap<string, readonly string[]> = new Map([
  ['docker.io/curlimages/curl', ['curl', 'sh']],
  ['docker.io/library/busybox', ['sh']],
]);

/** The images of a world, and those beside. */
export function withPublicImages(images: ImageSource): ImageSource {
  return { pull: (image, platform) => images.pull(image, platform) ?? pullPublic(image) };
}

function pullPublic(image: string): PulledImage | null {
  const [name = '', digest] = image.split('@');
  const programs = PUBLIC_IMAGES.get(name.replace(/:[^/:]+$/, ''));
  if (!programs) return null;
  const own = `sha256:${createHash('sha256').update(name).digest('hex')}`;
  // Its user has a name only, as that of the real image of curl.
  return { digest: digest ?? own, behaviour: { ...wellBehaved, programs, user: 'curl_user' } };
}
