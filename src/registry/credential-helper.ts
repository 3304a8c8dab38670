import * as z from 'zod';
import type { Exec } from '../io/exec.ts';
import { DeployError } from '../model/errors.ts';
import { tryParseJson } from '../model/json.ts';
import type { RegistryCredentials } from '../model/keychain.ts';

const NAME = /^[A-Za-z0-9_-]{1,100}$/;
const TIMEOUT_MS = 30_000;
const answer = z.object({ Username: z.string(), Secret: z.string() });

/**
 * Runs `docker-credential-<name> get`; null: it knows no login for this server.
 * https://github.com/docker/docker-credential-helpers#development
 * @throws DeployError AUTH_FAILED
 */
export async function askCredentialHelper(
  exec: Exec,
  name: string,
  server: string,
): Promise<RegistryCredentials | null> {
  const fail = (why: string, hint: string): never => {
    const shown = NAME.test(name) ? `docker-credential-${name}` : 'a credential helper';
    throw new DeployError('AUTH_FAILED', `could not get the login for ${server} from ${shown}: ${why}`, { hint });
  };
  if (!NAME.test(name))
    return fail('its name is not valid', "Correct credHelpers or credsStore in docker's config.json.");
  const command = `docker-credential-${name}`;
  const end = await exec.run(command, ['get'], { input: server, timeoutMs: TIMEOUT_MS }).catch(nullIfNotStarted);
  if (end === null || end.exitCode === 127)
    return fail('it is not installed', `Install ${command}, or log in with docker/login-action.`);
  const { exitCode, stdout, timedOut } = end;
  if (timedOut)
    return fail(`it did not end within ${TIMEOUT_MS / 1_000}s`, `Run ${command} by hand to see what it waits for.`);
  if (exitCode !== 0) {
    if (/credentials not found/i.test(stdout)) return null;
    return fail(`it ended with exit code ${exitCode}`, `Run "echo ${server} | ${command} get" to see why.`);
  }
  const parsed = answer.safeParse(tryParseJson(stdout));
  if (!parsed.success) return fail('its answer is not valid', `Run "echo ${server} | ${command} get" to see why.`);
  const { Username: username, Secret: password } = parsed.data;
  return password === '' ? null : { username, password };
}

function nullIfNotStarted(error: unknown): null {
  if (error instanceof DeployError && error.code === 'UNSUPPORTED') return null;
  throw error;
}
