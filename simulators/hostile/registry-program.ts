import { groupOf, type HostileBehaviour } from './behaviour.ts';
import { answer, json } from './bytes.ts';
import { rowsOfAbuses } from './http-abuse.ts';
import { blobs, lists, manifests } from './registry-contents.ts';
import { challenges, tokens } from './registry-logins.ts';
import { signatures } from './registry-signatures.ts';
import { uploads } from './registry-uploads.ts';
import { HOSTILE_HTML, HOSTILE_MARKDOWN, HOSTILE_TEXT } from './texts.ts';

const MANIFEST = /^registry:GET manifest$/;

const errors = groupOf('errors', [
  {
    name: 'error of commands and colors',
    on: MANIFEST,
    act: () => answer(400, HOSTILE_TEXT),
    ends: 'refused',
    says: /400/,
  },
  {
    name: 'error document of commands and colors',
    on: MANIFEST,
    act: () => json(400, { errors: [{ code: 'MANIFEST_INVALID', message: HOSTILE_TEXT }] }),
    ends: 'refused',
    says: /400 MANIFEST_INVALID/,
  },
  {
    name: 'error of HTML and Markdown',
    on: MANIFEST,
    act: () => json(400, { errors: [{ code: HOSTILE_HTML.slice(0, 90), message: HOSTILE_MARKDOWN }] }),
    ends: 'refused',
    says: /400/,
  },
  {
    name: 'error document with a prototype',
    on: MANIFEST,
    act: () => answer(400, '{"__proto__":{"errors":[{"code":"X"}]},"message":{"toString":1}}'),
    ends: 'refused',
    says: /400/,
  },
  {
    name: '3,000 errors in one document',
    on: MANIFEST,
    act: () => json(403, { errors: Array.from({ length: 3_000 }, () => ({ code: 'A', message: 'b' })) }),
    ends: 'refused',
    says: /403/,
  },
  { name: 'unavailable without end', on: MANIFEST, act: () => answer(503), ends: 'refused', says: /503/ },
  {
    name: 'too many requests without end',
    on: MANIFEST,
    act: () => answer(429, '', { 'retry-after': '1' }),
    ends: 'refused',
    says: /429|time was up/,
  },
]);

const PLANNED = ['realm on a private address', 'manifest that never comes', 'index that is five levels deep'];

/** Some of them, where nothing is to be deployed. */
const plans = groupOf(
  'plans',
  [...challenges, ...manifests]
    .filter(({ name }) => PLANNED.includes(name))
    .map((row) => ({ ...row, name: `${row.name}, in \`mode: plan\``, inputs: { mode: 'plan' } })),
);

/** A registry that is out for logins, other hosts, files and endless runs. */
export const hostileRegistry: readonly HostileBehaviour[] = [
  ...challenges,
  ...tokens,
  ...manifests,
  ...blobs,
  ...lists,
  ...uploads,
  ...signatures,
  ...errors,
  ...plans,
  ...groupOf('HTTP', rowsOfAbuses(MANIFEST, 'refused')),
];
