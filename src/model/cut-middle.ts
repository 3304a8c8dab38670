/** At most so many characters, as GitHub counts them (UTF-16): how a text begins and how it ends says most. `length`: 60 or more. */
export function cutMiddle(text: string, length: number): string {
  if (text.length <= length) return text;
  const half = Math.floor((length - leftOut(text.length).length) / 2);
  // A pair of surrogates may have been split.
  const [start, end] = [text.slice(0, half).toWellFormed(), text.slice(-half).toWellFormed()];
  return `${start}${leftOut(text.length - 2 * half)}${end}`;
}

function leftOut(characters: number): string {
  return `\n… ${characters} characters left out …\n`;
}
