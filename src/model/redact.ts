/** The text with *** where a secret stands: as it is, as JSON writes it (also inside of JSON), or as a URL does. */
export function redact(text: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap((secret) => [secret, inJson(secret), inJson(inJson(secret)), tryEncode(secret)]);
  // The longest first: the rest of a long one, after a short one was removed, would not be found any more.
  const longestFirst = [...new Set(forms)].filter((form) => form !== '').sort((a, b) => b.length - a.length);
  return longestFirst.reduce((rest, form) => rest.replaceAll(form, '***'), text);
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Half of a surrogate pair can't be in a URL. */
function tryEncode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return text;
  }
}
