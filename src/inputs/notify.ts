import { ensureAllowedHost } from '../io/address-guard.ts';
import { ANNOUNCED_EVENTS, type AnnouncedEvent, type Channel, PLACEHOLDERS } from '../model/announcement.ts';
import { DeployError, describeError } from '../model/errors.ts';
import { isJsonObject, type JsonObject } from '../model/json.ts';
import { nearest } from '../model/nearest.ts';
import { parseYaml } from '../model/yaml.ts';

const MAX_CHANNELS = 10;
const MAX_BODY_CHARACTERS = 20_000;
const HINT = 'Write a list such as `- slack: URL`, one channel an entry, each URL from a secret.';
const SHAPE =
  'expected `slack:` or `webhook:` with the URL of the incoming webhook, or `grafana:` with that of Grafana';
const KINDS = ['slack', 'webhook', 'grafana'] as const;
const KEYS = [...KINDS, 'on', 'body', 'token'];

/**
 * The channels of the input `notify`. Their URLs are secrets: no problem repeats one.
 * @throws DeployError INPUT_INVALID with every problem
 */
export function parseNotify(text: string): readonly Channel[] {
  const list = parseYaml(text, 'notify');
  if (!Array.isArray(list) || list.length === 0) throw invalid(['expected a list with at least one channel']);
  if (list.length > MAX_CHANNELS) throw invalid([`expected at most ${MAX_CHANNELS} channels, got ${list.length}`]);
  const problems: string[] = [];
  const channels = list.flatMap((entry: unknown, index) => {
    const label = `notify[${index}]`;
    const note: Note = (problem) => {
      problems.push(`${label}: ${problem}`);
      return null;
    };
    return readChannel(entry, label, note) ?? [];
  });
  if (problems.length > 0) throw invalid(problems);
  return channels;
}

function invalid(problems: readonly string[]): DeployError {
  const list = problems.length === 1 ? ` ${problems[0]}` : problems.map((problem) => `\n    - ${problem}`).join('');
  return new DeployError('INPUT_INVALID', `could not read notify:${list}`, { hint: HINT });
}

/** Notes a problem; there is no value then. */
type Note = (problem: string) => null;

function readChannel(entry: unknown, label: string, note: Note): Channel | null {
  if (!isJsonObject(entry)) return note(SHAPE);
  for (const key of Object.keys(entry).filter((name) => !KEYS.includes(name))) {
    const meant = nearest(key, KEYS);
    note(
      `unknown key "${key.slice(0, 80)}": ${meant ? `did you mean "${meant}"?` : `expected one of ${KEYS.join(', ')}`}`,
    );
  }
  const kinds = KINDS.filter((kind) => Object.hasOwn(entry, kind));
  const [kind] = kinds;
  if (!kind || kinds.length > 1) return note(kind ? `${SHAPE}, one of them` : SHAPE);
  const url = readUrl(entry[kind], kind, note);
  const on = readEvents(entry['on'], kind, note);
  const token = readToken(entry['token'], kind, note);
  const body = readBody(entry['body'], kind, note);
  return url && { label, kind, url, on, body, token };
}

function readUrl(value: unknown, kind: string, note: Note): URL | null {
  const empty = `${kind} is required (the value is empty): check that the secret exists; secrets are empty in pull requests from forks`;
  if (value === null || value === '') return note(empty);
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (url?.protocol !== 'https:') return note(`${kind}: expected an https URL (its value is not repeated here)`);
  try {
    ensureAllowedHost(url);
    return url;
  } catch (error) {
    return note(`${kind}: ${describeError(error).message}`);
  }
}

const DEFAULT_EVENTS: readonly AnnouncedEvent[] = ['failed', 'succeeded'];

function readToken(value: unknown, kind: string, note: Note): string | null {
  if (kind !== 'grafana') return value === undefined ? null : note('token: expected nothing, as only grafana has one');
  if (typeof value === 'string' && /^[\x21-\x7e]{8,2000}$/.test(value)) return value;
  const next = 'check that the secret exists; secrets are empty in pull requests from forks';
  return note(`token: expected the token of a service account (its value is not repeated here): ${next}`);
}

function readEvents(value: unknown, kind: string, note: Note): readonly AnnouncedEvent[] {
  if (value === undefined) return DEFAULT_EVENTS;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const events = ANNOUNCED_EVENTS.filter((event) => list.includes(event));
  const known: readonly unknown[] = ANNOUNCED_EVENTS;
  if (list.length === 0 || !list.every((event) => known.includes(event))) {
    note(`on: expected a list of ${ANNOUNCED_EVENTS.join(', ')}`);
  }
  if (kind === 'grafana' && events.includes('started')) {
    note('on: expected failed or succeeded, as an annotation of Grafana has the start and the end');
  }
  return events;
}

function readBody(value: unknown, kind: string, note: Note): JsonObject | null {
  if (value === undefined) return null;
  if (kind !== 'webhook') return note(`body: expected nothing beside ${kind}, whose messages have a form of their own`);
  if (!isJsonObject(value)) return note('body: expected a map, such as { content: "{headline}" }');
  const text = JSON.stringify(value);
  if (text.length > MAX_BODY_CHARACTERS) note(`body: expected at most ${MAX_BODY_CHARACTERS} characters`);
  const known: readonly string[] = PLACEHOLDERS;
  for (const [, name = ''] of text.matchAll(/\{([a-z-]+)\}/g)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    note(
      `body: unknown placeholder {${name}}: ${meant ? `did you mean {${meant}}?` : `expected one of ${known.join(', ')}`}`,
    );
  }
  return value;
}
