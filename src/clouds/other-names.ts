/** Names that several other actions give to an input, in the form of `squeeze` -> the next step. */
export const inputsElsewhere: readonly (readonly [string, string])[] = [
  ['environmentvariables', 'It is called `environment-variables` here.'],
  ['envvars', 'It is called `environment-variables` here.'],
  ['env', 'It is called `environment-variables` here.'],
  ['servicename', 'It is called `service` here.'],
  ['location', 'It is called `region` here.'],
  ['imageuri', 'It is called `image` here.'],
  ['images', 'It is called `image` here.'],
  ['tag', 'Write the tag in `image` (registry/repository:tag).'],
  ['imagetag', 'Write the tag in `image` (registry/repository:tag).'],
  ['appname', 'It is called `service` here.'],
  ['registryurl', 'Write the registry in `image` (registry/repository:tag).'],
];
