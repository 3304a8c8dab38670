import type { InputReader } from '../../../model/input-reader.ts';

/** What the input `gke-cluster` names; '' : the other inputs, or the job, say. */
export interface GkeName {
  /** `memberships`: any cluster of a fleet, also one that is not on Google Cloud. */
  readonly kind: 'clusters' | 'memberships';
  readonly project: string;
  /** Region or zone. */
  readonly location: string;
  readonly name: string;
}

const FULL = /^projects\/([a-z0-9.:-]+)\/locations\/([a-z0-9-]+)\/(clusters|memberships)\/([a-z0-9-]+)$/;
const SHORT = /^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
const LOCATION = /^[a-z]+-[a-z]+\d{1,2}(?:-[a-z])?$/;

/** Reads `gke-cluster` and, for its short form, `region`. */
export function readGkeName(reader: InputReader): GkeName {
  const given = reader.text('gke-cluster');
  const [, project = '', location = '', kind, full = ''] = FULL.exec(given) ?? [];
  const region = reader.text('region');
  if (kind === 'clusters' || kind === 'memberships') {
    if (region !== '' && region !== location) {
      const next = 'Remove it: gke-cluster has it already.';
      reader.problem('region', {
        given: quote(region),
        expected: `the location that gke-cluster names (${location})`,
        next,
      });
    }
    return { kind, project, location, name: full };
  }
  if (!SHORT.test(given)) {
    const expected =
      'projects/PROJECT/locations/LOCATION/clusters/NAME (or …/memberships/NAME), or the NAME of a cluster';
    reader.problem('gke-cluster', { given: quote(given), expected });
  }
  if (!LOCATION.test(region)) {
    reader.problem('region', {
      given: region === '' ? null : quote(region),
      expected: 'the region or zone of the GKE cluster, such as europe-west1 or europe-west1-b',
    });
  }
  return { kind: 'clusters', project: '', location: region, name: given };
}

/** Cut, as it may be a value that was meant for another input. */
function quote(given: string): string {
  return `"${given.replace(/\s+/g, ' ').slice(0, 60)}"`;
}
