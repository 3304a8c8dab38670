import type { Log } from '../io/log.ts';
import type { RegistryCredentials } from '../model/keychain.ts';
import type { SmokeTest } from '../model/smoke-test.ts';
import { sentValues } from './smoke-tests/sent-values.ts';

/** Nothing of what the inputs hold in confidence is printed from here on: values of variables, headers and queries. */
export function hideValues({ environment, credentials, smokeTests }: Confidential, log: Log): void {
  log.maskValues([...environment.values()]);
  if (credentials) log.mask(credentials.password);
  log.hide(smokeTests.flatMap(valuesOf));
}

interface Confidential {
  readonly environment: ReadonlyMap<string, string>;
  readonly credentials: RegistryCredentials | null;
  readonly smokeTests: readonly SmokeTest[];
}

function valuesOf(test: SmokeTest): readonly string[] {
  if (test.kind === 'command') return [];
  const url = URL.parse(test.location, 'http://localhost');
  return url ? sentValues(Object.fromEntries(test.headers), url) : [];
}
