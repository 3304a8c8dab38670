/** Inputs that name things, and the repository, the commit, the region and the project of the job. No others: one may hold a secret. */
const PUBLIC =
  /^(?:INPUT_(?:TARGET|IMAGE|COPY-TO|TAGS|SERVICE|WORKLOAD|NAMESPACE|(?:.*-)?CLUSTER|REGION|PROJECT|RESOURCE-GROUP|CONTAINER|URL|ENVIRONMENT|GITHUB-DEPLOYMENT)|GITHUB_(?:REPOSITORY|REPOSITORY_OWNER|REF|REF_NAME|SHA|SERVER_URL|WORKFLOW|ACTOR|JOB)|[A-Z_]*_(?:REGION|PROJECT))$/;

/**
 * What may be printed although a variable of the service may have it as its value: the names of the service, its region,
 * its image.
 */
export function publicTextsOf(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(env).flatMap(([name, text]) => (text && PUBLIC.test(name) ? [text] : []));
}
