/** Planted in every run: whoever reads the log, the summary, the state or the report must not find them. */
export const SECRETS = {
  environment: 'postgres://planted-9f3b1c77d2a84e60',
  bearer: 'planted-5c1e8b02a7f94d36',
};
