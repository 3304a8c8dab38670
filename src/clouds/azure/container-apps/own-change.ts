import type { Change, ChangeMark, RestorePoint } from '../../../model/workload.ts';
import { openWholeLooks, type WholeLooks } from '../../whole-looks.ts';
import type { ContainerApp } from './app.ts';
import { parseRestoreData, type RestoreData } from './restore-data.ts';

/** What this process knows of the change that it makes, beside what Azure tells. */
export interface OwnChange {
  readonly mark: ChangeMark;
  readonly data: RestoreData;
  readonly wanted: Change;
  /** The revision was there before: nothing of it is sent. */
  readonly isResumed: boolean;
  /** Where Azure says how the last change that we sent goes on; null: none was sent, or it didn't say. */
  statusUrl: string | null;
  readonly looks: WholeLooks;
  /** Since when something is wrong with our revision without a break; null: nothing is. */
  troubledSince: number | null;
}

/** Between `prepare`, which knows the change, and what follows, which is given its mark only. */
export class OwnChanges {
  readonly #wanted = new Map<ChangeMark, Change>();
  readonly #known = new Map<ChangeMark, OwnChange>();
  readonly #app: ContainerApp;

  constructor(app: ContainerApp) {
    this.#app = app;
  }

  prepared(mark: ChangeMark, change: Change): ChangeMark {
    this.#wanted.set(mark, change);
    return mark;
  }

  begin(mark: ChangeMark, point: RestorePoint): OwnChange {
    const known = this.#known.get(mark);
    if (known) return known;
    const data = parseRestoreData(point, this.#app);
    const wanted = this.#wanted.get(mark) ?? NOTHING;
    const looks = openWholeLooks(this.#app.io.clock);
    const own = { mark, data, wanted, isResumed: data.latest === mark, statusUrl: null, looks, troubledSince: null };
    this.#known.set(mark, own);
    return own;
  }

  /** @throws when nothing was begun with that mark: the engine always begins. */
  get(mark: ChangeMark): OwnChange {
    const known = this.#known.get(mark);
    if (!known) throw new Error(`nothing is known of ${mark}`);
    return known;
  }
}

const NOTHING: Change = { images: [], environment: new Map(), secrets: new Map() };
