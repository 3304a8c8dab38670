/** Google's messages go on with links and help, which are told elsewhere. */
export function firstLine(text: string): string {
  return text.split('\n')[0]!.trim().slice(0, 400);
}
