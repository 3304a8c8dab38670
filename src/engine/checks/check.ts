import type { DeployError } from '../../model/errors.ts';

/** One result while our revision gets traffic. "No data" is never a pass. */
export type CheckResult =
  | { readonly verdict: 'pass'; readonly message: string }
  | { readonly verdict: 'no-data'; readonly message: string }
  | { readonly verdict: 'fail'; readonly error: DeployError };

/** Says again and again whether our revision is healthy. */
export interface Check {
  /** For people: `platform`, `smoke tests`. */
  readonly name: string;
  /** Errors: DeployError; a transient one counts as no data. */
  run(): Promise<CheckResult>;
}
