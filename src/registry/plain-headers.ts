/**
 * Of every request to a registry. Without the second, every content coding is welcome (RFC 9110 12.5.3), and a proxy may pack
 * what is named by its digest.
 */
export const PLAIN_HEADERS = { 'user-agent': 'deploy-agent', 'accept-encoding': 'identity' } as const;
