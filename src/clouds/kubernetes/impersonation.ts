import { DeployError } from '../../model/errors.ts';
import { isJsonObject, textAt, textsAt } from '../../model/json.ts';
import type { Entry } from './kubeconfig.ts';

const EXTRA = 'Impersonate-Extra-';

/**
 * The headers by which one user acts as another (`as`, `as-uid`, `as-groups`, `as-user-extra`), all of them, as otherwise
 * the other would be allowed less or more than was meant.
 * https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
 * @throws DeployError UNSUPPORTED for what needs the same header twice; INPUT_INVALID
 */
export function impersonationHeaders(user: Entry): Readonly<Record<string, string>> {
  const { fields } = user;
  const groups = textsAt(fields, 'as-groups');
  const extra = isJsonObject(fields['as-user-extra']) ? fields['as-user-extra'] : {};
  const names = ['as-uid', 'as-groups', 'as-user-extra'].filter((name) => fields[name] !== undefined);
  if (textAt(fields, 'as') === '') {
    if (names.length === 0) return {};
    throw new DeployError('INPUT_INVALID', `could not use user ${user.name} of ${user.what}: ${names[0]} without as`, {
      hint: 'Add `as:` with the name of the user to impersonate, or remove it.',
    });
  }
  if (groups.length > 1) throw refusal(user, 'as-groups has more than one group');
  const headers: [string, string][] = [
    ['Impersonate-User', textAt(fields, 'as')],
    ['Impersonate-Uid', textAt(fields, 'as-uid')],
    ['Impersonate-Group', groups[0] ?? ''],
  ];
  for (const [name, values] of Object.entries(extra)) {
    const [value, ...more] = textsAt({ values }, 'values');
    if (more.length > 0) throw refusal(user, `as-user-extra has more than one value for ${name}`);
    headers.push([`${EXTRA}${encodeName(name)}`, value ?? '']);
  }
  const given = headers.filter(([, value]) => value !== '');
  // What a header can't carry would be an exception of Node in the middle of a run.
  const odd = given.find(([, value]) => !/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value));
  if (odd) throw refusal(user, `the value for ${odd[0]} has other characters than ASCII`);
  return Object.fromEntries(given);
}

/** As client-go does it: what a header's name can't have is percent-encoded, and `%` too. */
function encodeName(name: string): string {
  return encodeURIComponent(name.toLowerCase()).replace(/[()]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}

function refusal(user: Entry, why: string): DeployError {
  return new DeployError('UNSUPPORTED', `could not impersonate by user ${user.name} of ${user.what}: ${why}`, {
    hint: 'Bind the role to a user or group that can be named by one `as` and one group, or use its own credentials.',
  });
}
