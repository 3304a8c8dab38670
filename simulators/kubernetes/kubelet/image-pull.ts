import type { PulledImage } from '../../behaviour.ts';
import type { KubeletHost } from './host.ts';

/** What a registry answers instead of the image. */
export interface PullTrouble {
  /** Of images; matched as a part of the name. */
  readonly image: string;
  /** After `rpc error: code = … desc = failed to pull and unpack image …:` */
  readonly kind: 'denied' | 'throttled' | 'unavailable' | 'unreachable';
  /** So many pulls of each pod fail; absent: all. */
  readonly times?: number;
}

const WHY: Readonly<Record<PullTrouble['kind'], string>> = {
  denied: 'failed to authorize: failed to fetch anonymous token: unexpected status from GET request: 401 Unauthorized',
  throttled:
    'unexpected status code 429 Too Many Requests: toomanyrequests: You have reached your unauthenticated pull rate limit',
  unavailable: 'unexpected status from HEAD request: 503 Service Unavailable',
  unreachable: 'failed to do request: Head "https://registry": dial tcp 203.0.113.7:443: i/o timeout',
};

export type Pulled = { readonly image: PulledImage } | { readonly why: string };

/** `attempt`: from 1. */
export function pullImage(
  host: KubeletHost,
  {
    image,
    platform,
    attempt,
    troubles,
  }: {
    readonly image: string;
    readonly platform: string;
    readonly attempt: number;
    readonly troubles: readonly PullTrouble[];
  },
): Pulled {
  const trouble = troubles.find(
    (one) => image.includes(one.image) && attempt <= (one.times ?? Number.POSITIVE_INFINITY),
  );
  const resolve = `failed to resolve reference "${image}"`;
  if (trouble) return { why: `failed to pull and unpack image "${image}": ${resolve}: ${WHY[trouble.kind]}` };
  const found = host.images.pull(image, platform);
  if (found) return { image: found };
  const isThere = ['linux/amd64', 'linux/arm64'].some((other) => host.images.pull(image, other) !== null);
  const code = 'rpc error: code = NotFound desc = ';
  if (isThere)
    return { why: `${code}failed to pull and unpack image "${image}": no match for platform in manifest: not found` };
  return { why: `${code}failed to pull and unpack image "${image}": ${resolve}: ${image}: not found` };
}
