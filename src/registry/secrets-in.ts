const SHORTEST = 4;

/** What an Authorization header gives away: its token, and the password in it where it is one. */
export function secretsIn(authorization: string | null): readonly string[] {
  const [, scheme = '', token = ''] = /^(\S+) +(\S+)$/.exec(authorization ?? '') ?? [];
  const login = scheme.toLowerCase() === 'basic' ? Buffer.from(token, 'base64').toString() : '';
  const password = login.slice(login.indexOf(':') + 1);
  // A very short one would black out ordinary words.
  return [token, login, password].filter((secret) => secret.length >= SHORTEST);
}
