import type { SimulatedResponse } from '../../edge/host.ts';
import type { ProgramRun, ReadFile } from './program-run.ts';
import type { Reach } from './reach.ts';

const CONNECT_MS = 20;

interface Config {
  readonly url: string;
  readonly method: string;
  readonly isHead: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly maxMs: number;
  readonly maxBytes: number;
  readonly writeOut: string;
}

/** As far as `curl --config FILE` is used. https://curl.se/docs/manpage.html */
export function runCurl(
  args: readonly string[],
  { files, reach }: { readonly files: ReadFile; readonly reach: Reach },
): ProgramRun {
  const file = args[args.indexOf('--config') + 1] ?? '';
  const text = args.includes('--config') ? files(file) : null;
  if (text === null) return { ms: 5, exitCode: 26, output: `curl: cannot read config from '${file}'` };
  const config = parse(text, files);
  const url = new URL(config.url);
  const answer = reach({ method: config.method, url, headers: config.headers, body: Buffer.from(config.body) });
  if (answer === 'unknown host') return end(config, { code: 6, message: `Could not resolve host: ${url.hostname}` });
  if (answer === 'refused') {
    const where = `${url.hostname} port ${url.port || 80}`;
    return end(config, { code: 7, message: `Failed to connect to ${where} after 1 ms: Could not connect to server` });
  }
  const ms = CONNECT_MS + (answer.delayMs ?? 0);
  if (ms > config.maxMs) {
    const message = `Operation timed out after ${config.maxMs} milliseconds with 0 bytes received`;
    return { ...end(config, { code: 28, message }), ms: config.maxMs };
  }
  return { ...end(config, { answer, code: 0, message: '' }), ms };
}

interface End {
  readonly answer?: SimulatedResponse;
  readonly code: number;
  readonly message: string;
}

function end(config: Config, { answer, code, message }: End): ProgramRun {
  const body = config.isHead ? '' : String(answer?.body ?? '');
  const isLong = Buffer.byteLength(body) > config.maxBytes;
  const exitCode = isLong ? 63 : code;
  const said = isLong ? 'Maximum file size exceeded' : message;
  const headers = Object.fromEntries(Object.entries(answer?.headers ?? {}).map(([name, value]) => [name, [value]]));
  const values: Record<string, string> = {
    ...{ response_code: String(answer?.status ?? 0).padStart(3, '0'), exitcode: String(exitCode) },
    ...{ time_total: ((CONNECT_MS + (answer?.delayMs ?? 0)) / 1_000).toFixed(6), errormsg: said },
    ...{ size_download: String(isLong ? 0 : Buffer.byteLength(body)), header_json: JSON.stringify(headers, null, 1) },
  };
  const trailer = config.writeOut.replaceAll(/%\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
  const head = config.isHead ? `HTTP/1.1 ${answer?.status}\n\n` : isLong ? '' : body;
  const error = exitCode === 0 ? '' : `curl: (${exitCode}) ${said}\n`;
  return { ms: CONNECT_MS, exitCode, output: `${head}${trailer}${error}`.replace(/\n$/, '') };
}

function parse(text: string, files: ReadFile): Config {
  const lines = text.split('\n').flatMap((line): readonly (readonly [string, string])[] => {
    const [, name = '', value = ''] = /^([\w-]+)(?:\s*=\s*(.*))?$/.exec(line.trim()) ?? [];
    return name === '' ? [] : [[name, unquote(value)]];
  });
  const find = (name: string): string => lines.find(([known]) => known === name)?.[1] ?? '';
  const isHead = lines.some(([name]) => name === 'head');
  const headers = lines.filter(([name]) => name === 'header').map(([, value]) => value);
  const data = find('data-binary');
  return {
    ...{ url: find('url'), method: isHead ? 'HEAD' : find('request'), isHead },
    headers: Object.fromEntries(headers.flatMap(toHeader)),
    body: data.startsWith('@') ? (files(data.slice(1)) ?? '') : data,
    maxMs: Number(find('max-time') || Number.POSITIVE_INFINITY) * 1_000,
    maxBytes: Number(find('max-filesize') || Number.POSITIVE_INFINITY),
    writeOut: find('write-out'),
  };
}

function toHeader(line: string): readonly (readonly [string, string])[] {
  if (line.endsWith(';') && !line.includes(':')) return [[line.slice(0, -1).toLowerCase(), '']];
  const at = line.indexOf(':');
  const value = line.slice(at + 1).trim();
  return value === '' ? [] : [[line.slice(0, at).toLowerCase(), value]];
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v' };

function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  return value.slice(1, -1).replaceAll(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}
