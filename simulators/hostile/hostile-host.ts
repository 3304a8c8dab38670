import type { SimulatedHost, SimulatedRequest, SimulatedResponse } from '../edge/host.ts';
import type { HostileBehaviour } from './behaviour.ts';

export interface HostileHostOptions {
  readonly hostnames: readonly string[];
  readonly behaviour: HostileBehaviour;
  readonly trap: string;
  /** Is the behaviour in force now? Asked with each honest answer that it could replace. */
  readonly isHostile?: (honest: SimulatedResponse) => boolean;
  /** What it answers to the same requests where it is not. */
  readonly otherwise?: SimulatedResponse;
}

/** An honest host, save for one behaviour. */
export class HostileHost implements SimulatedHost {
  readonly #options: HostileHostOptions;
  #honest: SimulatedHost | null = null;
  #count = 0;

  constructor(options: HostileHostOptions) {
    this.#options = options;
  }

  /** How often it was hostile. */
  get count(): number {
    return this.#count;
  }

  /** Before the first request: the host in whose place it answers. */
  standInFor(honest: SimulatedHost): void {
    this.#honest = honest;
  }

  serves(hostname: string): boolean {
    return this.#options.hostnames.includes(hostname);
  }

  nameCall(request: SimulatedRequest): { readonly operation: string; readonly mutates: boolean } {
    return this.#original.nameCall(request);
  }

  async handle(request: SimulatedRequest): Promise<SimulatedResponse> {
    const { behaviour, trap, isHostile, otherwise } = this.#options;
    let answered: Promise<SimulatedResponse> | null = null;
    const honest = (): Promise<SimulatedResponse> => {
      answered ??= Promise.resolve(this.#original.handle(request));
      return answered;
    };
    if (!behaviour.on.test(this.nameCall(request).operation)) return await honest();
    if (isHostile && !isHostile(await honest())) return otherwise ?? (await honest());
    this.#count += 1;
    if (behaviour.nth !== undefined && behaviour.nth !== this.#count) return await honest();
    return await behaviour.act({ request, honest, nth: this.#count, trap });
  }

  get #original(): SimulatedHost {
    if (!this.#honest) throw new Error('the hostile host stands in for no other');
    return this.#honest;
  }
}
