/**
 * How secrets begin that people paste by mistake: keys of providers, tokens, private keys. Sources: the prefixes that their
 * issuers publish for secret scanning.
 */
const PREFIXES =
  /^(?:sk-|sk_|rk_|pk_live|whsec_|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|AKIA|ASIA|ya29\.|AIza|hf_|npm_|pypi-|dckr_pat_|SG\.|shpat_|dop_v1_|lin_api_|-----BEGIN|Bearer |Basic )/;
/** header.payload.signature */
const JWT = /^eyJ[\w-]{6,}\.[\w-]+\.[\w-]*$/;
const URL_WITH_LOGIN = /^[a-z][a-z0-9+.-]*:\/\/[^\s/@]*:[^\s/@]+@/i;
/** No reference of any cloud has these. */
const NOT_IN_REFERENCES = /[\s"'`{}<>|\\^!$&;?#,]/;
/** In the full form of a reference, which begins with its scheme or kind, a name may have these. */
const NOT_IN_NAMES = /^(?![a-z]+:|[a-z]+\/).*[+=]/;
/** Long, of letters and digits without a break: names have hyphens, slashes or underscores. */
const RANDOM = /^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9]{32,}$/;
const LONGEST_REFERENCE = 2_048;

/** Is this a secret's value rather than the name of one? A short plain word can't be told from a name. */
export function looksLikeValue(text: string): boolean {
  if (text.length > LONGEST_REFERENCE || NOT_IN_REFERENCES.test(text) || NOT_IN_NAMES.test(text)) return true;
  return PREFIXES.test(text) || RANDOM.test(text) || JWT.test(text) || URL_WITH_LOGIN.test(text);
}
