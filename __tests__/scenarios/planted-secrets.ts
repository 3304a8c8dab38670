import { createHash } from 'node:crypto';

export interface Secret {
  readonly name: string;
  readonly value: string;
  /** What gives it away wherever it stands, also when what is around it was escaped, cut or encoded. */
  readonly marks: readonly string[];
  /** Hosts that may get it; nobody else may, and it may be written nowhere. */
  readonly owners: RegExp;
}

/** One text that somebody else than its owner could read. */
export interface Place {
  readonly name: string;
  readonly text: string;
  /** Of a request: where it went. */
  readonly host?: string;
}

const NOBODY = /^$/;
const TROUBLE = '"\\/+&%=<|`';

/**
 * A value made for one purpose. What surrounds its middle is changed by JSON, URLs, Markdown and shells; the middle
 * survives all of them, so each half of it is looked for.
 */
export function plant(name: string, options: { owners?: RegExp; around?: string } = {}): Secret {
  const { owners = NOBODY, around = TROUBLE } = options;
  const middle = createHash('sha256').update(name).digest('hex').slice(0, 24);
  const value = `pw${around}${middle}${around}end`;
  return { name, value, marks: [middle.slice(0, 12), middle.slice(12)], owners };
}

/** A value that is what it is. */
export function known(name: string, value: string, owners = NOBODY): Secret {
  return { name, value, marks: [value], owners };
}

export interface Leak {
  readonly secret: string;
  readonly form: string;
  readonly place: string;
}

/** Each secret that is where it must not be, once for each place. */
export function findLeaks(secrets: readonly Secret[], places: readonly Place[]): readonly Leak[] {
  return secrets.flatMap((secret) => {
    const forms = formsOf(secret);
    return places
      .filter(({ host }) => host === undefined || !secret.owners.test(host))
      .flatMap((place) => {
        const found = forms.find(({ text }) => place.text.includes(text));
        return found ? [{ secret: secret.name, form: found.form, place: place.name }] : [];
      });
  });
}

function formsOf({ marks }: Secret): readonly { readonly form: string; readonly text: string }[] {
  return marks.flatMap((mark) => [
    { form: 'as it is', text: mark },
    { form: 'in a URL', text: encodeURIComponent(mark) },
    { form: 'in JSON', text: JSON.stringify(mark).slice(1, -1) },
    ...[0, 1, 2].flatMap((offset) => {
      const text = base64Inside(mark, offset);
      return [
        { form: 'in base64', text },
        { form: 'in base64', text: text.replaceAll('+', '-').replaceAll('/', '_') },
      ];
    }),
  ]);
}

/** What base64 makes of it wherever it begins in a group of three bytes, without the characters that its neighbours change. */
function base64Inside(text: string, offset: number): string {
  const encoded = Buffer.from('x'.repeat(offset) + text).toString('base64');
  const bits = (offset + Buffer.byteLength(text)) * 8;
  return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(bits / 6));
}
