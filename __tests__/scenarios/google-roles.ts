import { readFileSync } from 'node:fs';
import path from 'node:path';

/** What the guide calls optional: it is tried, and done without. */
export const OPTIONAL = ['run.operations.get', 'run.services.list', 'logging.logEntries.list'];

/** The permissions in the table of docs/google-cloud-run.md, as the simulated Cloud Run spells them. */
export function readPermissions(): readonly string[] {
  const guide = readFileSync(path.resolve(import.meta.dirname, '../../docs/google-cloud-run.md'), 'utf8');
  const rows = [...guide.matchAll(/^\| `roles\/[^|]+\|[^|]+\|([^|]+)\|/gm)].map(([, cell]) => cell!);
  const names = rows.flatMap((cell) => [...cell.matchAll(/`([\w.]+)`/g)].map(([, name]) => name!));
  // Its errors and `testIamPermissions` write this one in lower case.
  return names.map((name) => (name === 'iam.serviceAccounts.actAs' ? 'iam.serviceaccounts.actAs' : name));
}
