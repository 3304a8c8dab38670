import { createHash } from 'node:crypto';

/** Names in the forms that AWS gives. The same calls give the same names in every run. */
export class Identifiers {
  #count = 0;

  /** Task ids and request parts: lower-case hex. */
  hex(length: number): string {
    return this.#next().slice(0, length);
  }

  /** Deployment and service revision ids: digits. */
  digits(length: number): string {
    return BigInt(`0x1${this.#next()}`).toString().slice(-length);
  }

  uuid(): string {
    return this.#next().replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-a$4-$5');
  }

  /** Service deployment ids: `NCWGC2ZR-taawPAYrIaU5`. */
  word(length: number): string {
    return Buffer.from(this.#next(), 'hex').toString('base64url').slice(0, length);
  }

  #next(): string {
    this.#count += 1;
    return createHash('sha256').update(`aws ${this.#count}`).digest('hex');
  }
}
