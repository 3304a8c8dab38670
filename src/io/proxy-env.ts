import { DeployError } from '../model/errors.ts';
import { expandNoProxy } from './no-proxy.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What Node's agents read of an environment; a name that is missing is not set. */
export type ProxyEnv = Readonly<Partial<Record<'HTTP_PROXY' | 'HTTPS_PROXY' | 'NO_PROXY', string>>>;

/**
 * The proxies of `env`, in the form that Node's agents take. As with curl and Go, the name in lower case comes first.
 * @throws DeployError INPUT_INVALID that names the variable and never its value: it may hold a password
 */
export function readProxyEnv(env: Environment): ProxyEnv {
  const noProxy = find(env, 'NO_PROXY');
  const found = {
    HTTP_PROXY: readProxy(find(env, 'HTTP_PROXY')),
    HTTPS_PROXY: readProxy(find(env, 'HTTPS_PROXY')),
    NO_PROXY: noProxy && expandNoProxy(noProxy.value),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null)) as ProxyEnv;
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

function find(env: Environment, name: string): Variable | null {
  for (const spelled of [name.toLowerCase(), name]) {
    const value = env[spelled]?.trim();
    if (value) return { name: spelled, value };
  }
  return null;
}

function readProxy(variable: Variable | null): string | null {
  if (!variable) return null;
  const { name, value } = variable;
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const scheme = text.slice(0, text.indexOf(':')).toLowerCase();
  if (scheme !== 'http' && scheme !== 'https') {
    throw invalid(name, `it is a ${scheme} proxy`, 'Set the address of an HTTP proxy: http://<host>:<port>.');
  }
  const url = parseProxyAddress(text);
  if (!url) throw invalid(name, NOT_AN_ADDRESS, ENCODE);
  return url.href;
}

/** null: it is none, or Node could not take user and password from it. */
export function parseProxyAddress(text: string): URL | null {
  const url = URL.parse(text);
  // A raw `#`, `/` or `?` in a password ends the host's part: the start of the password is the port then.
  if (!url || !['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '') return null;
  // Of two, the host may begin after either.
  if (text.split('@').length > 2) return null;
  return isDecodable(url.username) && isDecodable(url.password) ? url : null;
}

const NOT_AN_ADDRESS = 'its value is not the address of a proxy';
const ENCODE =
  'Write http://<user>:<password>@<host>:<port>, with special characters in user and password percent-encoded: % is %25, # is %23, / is %2F, ? is %3F, @ is %40.';

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function invalid(name: string, why: string, next: string): DeployError {
  return new DeployError('INPUT_INVALID', `could not use the proxy in the environment variable ${name}: ${why}`, {
    hint: `${next} The value is not shown here: it may hold a password.`,
  });
}
