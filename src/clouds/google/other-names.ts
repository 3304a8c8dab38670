/** What people call a target of this cloud, in the form of `squeeze`. */
export const googleAliases: readonly (readonly [string, string])[] = [
  ['run', 'cloud-run'],
  ['gcr', 'cloud-run'],
  ['gcp', 'cloud-run'],
  ['googlecloudrun', 'cloud-run'],
];

/** Inputs of google-github-actions/deploy-cloudrun -> the next step. */
export const googleInputsElsewhere: readonly (readonly [string, string])[] = [
  ['envvarsfile', 'It is called `environment-file` here, for a file of lines `NAME=value`.'],
  ['credentials', 'Run google-github-actions/auth before this step, with it.'],
  ['credentialsjson', 'Run google-github-actions/auth before this step, with it.'],
  ['suffix', 'Remove it: each revision gets a name of its own.'],
  ['projectid', 'It is called `project` here.'],
  ['notraffic', 'Write `traffic: 0` here.'],
  ['revisiontraffic', 'Write `strategy: canary` with `steps`, or `traffic: 0`.'],
  ['tagtraffic', 'Write `strategy: canary` with `steps`, or `traffic: 0`.'],
  ['flags', 'Remove it: whatever is not an input stays as it is in the service.'],
];
