import { createHash } from 'node:crypto';

/** Names in the forms that Azure gives. The same calls give the same names in every run. */
export class Identifiers {
  #count = 0;

  uuid(): string {
    return this.#next().replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-a$4-$5');
  }

  /** Of revisions without a name, and of replicas: begins with a letter. */
  suffix(length: number): string {
    const digits = BigInt(`0x${this.#next()}`).toString(36);
    return `${'abcdefghij'[digits.charCodeAt(0) % 10]}${digits.slice(1, length)}`;
  }

  hex(length: number): string {
    return this.#next().slice(0, length);
  }

  #next(): string {
    this.#count += 1;
    return createHash('sha256').update(`azure ${this.#count}`).digest('hex');
  }
}
