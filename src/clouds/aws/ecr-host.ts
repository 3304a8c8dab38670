/**
 * A private registry of one account and region: IPv4 or dual-stack, FIPS or not, in each partition that has a name of its own.
 * https://docs.aws.amazon.com/general/latest/gr/ecr.html
 */
const ECR_HOST =
  /^\d{12}\.(?:dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.(?:com|com\.cn|eu)|dkr-ecr(?:-fips)?\.([a-z0-9-]+)\.on\.(?:aws|amazonwebservices\.com\.cn))$/;
/** https://docs.aws.amazon.com/AmazonECR/latest/public/public-registries.html */
export const PUBLIC_ECR = 'public.ecr.aws';

/** null: the host is no private ECR registry. */
export function regionOfEcr(host: string): string | null {
  const [, region, dualStackRegion] = ECR_HOST.exec(host) ?? [];
  return region ?? dualStackRegion ?? null;
}

/** Private, or the public one. */
export function isEcr(host: string): boolean {
  return regionOfEcr(host) !== null || host === PUBLIC_ECR;
}
