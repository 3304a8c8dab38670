import path from 'node:path';
import { findProgram } from './run-program.ts';
import type { Tally } from './tally.ts';

/** Paths of the referee programs; null: not installed. */
export interface Referees {
  /** A Python with botocore. */
  readonly python: string | null;
  readonly aws: string | null;
  readonly skopeo: string | null;
  readonly dockerRegistry: string | null;
  readonly shellcheck: string | null;
  readonly zizmor: string | null;
  readonly curl: string | null;
  /** The tests of the OCI distribution spec. */
  readonly ociSuite: string | null;
  /** The registry of go-containerregistry. */
  readonly goRegistry: string | null;
  readonly zot: string | null;
  readonly gcloud: string | null;
  readonly gh: string | null;
  readonly cosign: string | null;
}

const ENVIRONMENT = path.resolve(import.meta.dirname, '../.referees/bin');

/** As conformance/install and conformance/install-go leave them. The Python ones only from there: another AWS CLI may not know the calls. */
export function findReferees(): Referees {
  return {
    python: findProgram('python', [ENVIRONMENT]),
    aws: findProgram('aws', [ENVIRONMENT]),
    skopeo: findProgram('skopeo'),
    dockerRegistry: findProgram('docker-registry'),
    shellcheck: findProgram('shellcheck'),
    zizmor: findProgram('zizmor', [ENVIRONMENT]),
    curl: findProgram('curl'),
    ociSuite: findProgram('conformance', [ENVIRONMENT]),
    goRegistry: findProgram('registry', [ENVIRONMENT]),
    zot: findProgram('zot', [ENVIRONMENT]) ?? findProgram('zot'),
    gcloud: findProgram('gcloud'),
    gh: findProgram('gh', [ENVIRONMENT]),
    cosign: findProgram('cosign', [ENVIRONMENT]),
  };
}

/** Runs `body` with the programs, or notes which one is not there. Whatever `body` throws is a failure as well. */
export async function withReferee(
  tally: Tally,
  name: string,
  {
    programs,
    body,
  }: { readonly programs: readonly (string | null)[]; readonly body: (...found: string[]) => Promise<void> },
): Promise<void> {
  const found = programs.filter((program) => program !== null);
  if (found.length < programs.length) {
    tally.absent(name, 'it is not installed (conformance/install and conformance/install-go do that)');
    return;
  }
  try {
    await body(...found);
  } catch (error) {
    await tally.check(name, () => Promise.reject(error));
  }
}
