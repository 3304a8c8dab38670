/** What people call a target of this cloud, in the form of `squeeze`. */
export const googleAliases: readonly (readonly [string, string])[] = [
  ['run', 'cloud-run'],
  ['gcr', 'cloud-run'],
  ['gcp', 'cloud-run'],
  ['googlecloudrun', 'cloud-run'],
];

/** Inputs of google-github-actions/deploy-cloudrun -> the next step. */
export const googleInputsElsewhere: readonly (readonly [string, string])[] = [
  ['envvarsfile', 'Write the variables in `environment-variables`.'],
  ['projectid', 'It is called `project` here.'],
  ['notraffic', 'Write `traffic: 0` here.'],
  ['revisiontraffic', 'Write `strategy: canary` with `steps`, or `traffic: 0`.'],
  ['tagtraffic', 'Write `strategy: canary` with `steps`, or `traffic: 0`.'],
  ['flags', 'Remove it: whatever is not an input stays as it is in the service.'],
];
