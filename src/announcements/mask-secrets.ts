import type { Log } from '../io/log.ts';
import type { AnnouncementOptions } from '../model/announcement.ts';

/** A part of a path that is as long says who may write there. */
const SECRET_PART = 8;

/** Whoever has the URL of a webhook can write there, so it is a password: whole, and each part that another tool may print. */
export function maskSecrets({ channels, github, traces }: AnnouncementOptions, log: Pick<Log, 'mask'>): void {
  if (github) log.mask(github.token);
  // Of `Bearer …` and `Basic …` the token by itself too.
  for (const value of Object.values(traces?.headers ?? {})) {
    for (const secret of new Set([value, value.split(' ').at(-1)!])) if (secret.length >= SECRET_PART) log.mask(secret);
  }
  for (const { url, token, kind } of channels) {
    if (token !== null) log.mask(token);
    // Where a Grafana is, is no secret: its token is.
    if (kind === 'grafana') continue;
    const parts = [...url.pathname.split('/'), ...url.searchParams.values(), url.username, url.password];
    const all = [url.href, `${url.pathname}${url.search}`, url.pathname, ...parts.filter(isSecret)];
    for (const secret of all) if (secret.length >= SECRET_PART) log.mask(secret);
  }
}

/** Not a word such as `services`, which other texts have too. */
function isSecret(part: string): boolean {
  return part.length >= SECRET_PART && /\d/.test(part);
}
