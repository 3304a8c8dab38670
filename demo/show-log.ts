/** Prints the log of a step as GitHub's run page shows it: groups as headings, annotations as text, masks hidden. */
export function showLog(): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) process.stdout.write(showLine(line));
  };
}

function showLine(line: string): string {
  const command = /^::([a-z-]+)(?: ([^:]*))?::(.*)$/.exec(line);
  if (!command) return `     ${line}\n`;
  const [, name, properties = '', message = ''] = command;
  if (name === 'group') return `   ▸ ${decode(message)}\n`;
  if (name === 'error' || name === 'warning') {
    const title = decode(/title=([^,]*)/.exec(properties)?.[1] ?? '');
    const body = decode(message).replaceAll('\n', '\n       ');
    return `   ✗ ${name}: ${title}\n       ${body}\n`;
  }
  return '';
}

function decode(text: string): string {
  return text.replace(/%(0D|0A|3A|2C|25)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
