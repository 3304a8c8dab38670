import { plant } from '../simulators/planted-secrets.ts';

/** Registries, their storage and the service that is tested don't get values of variables. */
const APIS =
  /^(?!.*(?:dkr\.ecr|\.s3\.|pkg\.dev|azurecr\.io|ghcr\.io|acme\.dev|run\.app|azurecontainerapps\.io|shop\.))/;
/** The API server passes requests on to pods. */
const TESTED = /acme\.dev$|shop\.example$|run\.app$|azurecontainerapps\.io$|kubernetes|cluster/;

/** Planted in every run: whoever reads the log, the summary, the state or the report must not find them, nor another host. */
export const PLANTED = [
  plant('environment value', { owners: APIS, around: '' }),
  plant('bearer token of a smoke test', { owners: TESTED, around: '-' }),
] as const;

export const SECRETS = { environment: `postgres://${PLANTED[0].value}`, bearer: PLANTED[1].value };
