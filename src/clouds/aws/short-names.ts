import type { ShortName } from '../../model/short-names.ts';

/** An ARN without what is the same in every line: `targetgroup/agent/0a43517a2ed07649`. A task by the start of its ID. */
export const awsShortNames: readonly ShortName[] = [
  {
    pattern: /\barn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:([^\s,;()[\]"'<>]*[^\s,;()[\]"'<>.:])/g,
    short: ([, resource]) => resource!,
  },
  { pattern: /(?<=\btask )([0-9a-f]{8})[0-9a-f]{24}\b/g, short: ([, first]) => first! },
];
