/** What people call a target of this cloud, in the form of `squeeze`. */
export const azureAliases: readonly (readonly [string, string])[] = [
  ['aca', 'container-apps'],
  ['azure', 'container-apps'],
  ['azurecontainerapps', 'container-apps'],
  ['containerapp', 'container-apps'],
];

/** Inputs of azure/container-apps-deploy-action -> the next step. */
export const azureInputsElsewhere: readonly (readonly [string, string])[] = [
  ['imagetodeploy', 'It is called `image` here.'],
  ['imagetobuild', 'Build and push the image in an earlier step, and write its name in `image`.'],
  ['appsourcepath', 'Build and push the image in an earlier step, and write its name in `image`.'],
  ['azurecredentials', 'Run azure/login before this step, with it.'],
  ['containerappname', 'It is called `service` here.'],
  ['containerappenvironment', 'Remove it: the app that is there is deployed to.'],
  ['subscriptionid', 'It is called `subscription` here.'],
  ['acrname', 'Write the registry in `image`; the login of the job is used for it.'],
  ['acrusername', 'It is called `registry-username` here.'],
  ['acrpassword', 'It is called `registry-password` here.'],
];
