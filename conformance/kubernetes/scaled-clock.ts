import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { VirtualClock } from '../../simulators/clock/clock.ts';

const TICK_MS = 50;

/**
 * Time that goes `factor` times as fast as the real one, from now on. The action, the kubelet and the load balancer of a
 * scenario live on it; the control plane lives on real time, so to them it is that many times slower than it is.
 */
export class ScaledClock {
  readonly #since = Date.now();
  readonly factor: number;

  constructor(factor: number) {
    this.factor = factor;
  }

  now(): number {
    return Math.round(this.#since + (Date.now() - this.#since) * this.factor);
  }

  /** How long that is in real time. */
  toReal(ms: number): number {
    return ms / this.factor;
  }

  /** For a process of Node that lives on it too. */
  get env(): Readonly<Record<string, string>> {
    const preload = pathToFileURL(path.join(import.meta.dirname, 'scaled-time.mjs')).href;
    return { NODE_OPTIONS: `--import=${preload}`, SCALED_TIME: `${this.#since}x${this.factor}` };
  }

  /** Moves a world's clock with it. Returns how to end that. */
  move(clock: VirtualClock): () => Promise<void> {
    let isOver = false;
    const run = async (): Promise<void> => {
      let last = this.now();
      while (!isOver) {
        await sleep(TICK_MS);
        const now = this.now();
        await clock.advance(now - last);
        last = now;
      }
    };
    const ended = run();
    // Whoever ends it gets to know.
    ended.catch(() => {});
    return async () => {
      isOver = true;
      await ended;
    };
  }
}
