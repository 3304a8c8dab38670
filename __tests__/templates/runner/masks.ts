/** What must not be shown, and how the runner hides it. */
export class Masks {
  readonly #values = new Set<string>();

  add(value: string): void {
    for (const line of value.split('\n')) if (line.trim() !== '') this.#values.add(line.trim());
  }

  hide(text: string): string {
    return [...this.#values]
      .sort((a, b) => b.length - a.length)
      .reduce((rest, value) => rest.replaceAll(value, '***'), text);
  }

  /** The runner drops an output of a job in which a masked value is found. */
  occursIn(text: string): boolean {
    return [...this.#values].some((value) => text.includes(value));
  }

  /** Obeys `::add-mask::`, but not where the text was fenced off by `::stop-commands::`. */
  obey(log: string): void {
    let fence: string | null = null;
    for (const line of log.split('\n')) {
      const stop = /^::stop-commands::(.+)$/.exec(line)?.[1];
      if (fence !== null) fence = line === `::${fence}::` ? null : fence;
      else if (stop !== undefined) fence = stop;
      else this.#obeyLine(line);
    }
  }

  #obeyLine(line: string): void {
    const value = /^::add-mask::(.*)$/.exec(line)?.[1];
    if (value !== undefined) this.add(value.replaceAll('%0A', '\n').replaceAll('%0D', '\r').replaceAll('%25', '%'));
  }
}
