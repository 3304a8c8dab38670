import type { Restoration } from '../model/restore-point.ts';

/** A decision on a restoration that sends nothing: this is the result of the poll. */
export interface RestorationAnswer {
  readonly act: 'none';
  readonly answer: Restoration;
}

type Restored = Extract<Restoration, { readonly status: 'restored' }>;

/** The previous revision serves again. */
export function restored(answer: Omit<Restored, 'status'>): RestorationAnswer {
  return toAnswer({ status: 'restored', ...answer });
}

/** The restoration was requested and continues, also without us. */
export function returning(reason: string, message: string): RestorationAnswer {
  return toAnswer({ status: 'progressing', requested: true, reason, message });
}

/** Nothing was requested yet: something else has to happen first. */
export function waiting(reason: string, message: string): RestorationAnswer {
  return toAnswer({ status: 'progressing', requested: false, reason, message });
}

/** Our change never went live. `live`: what did not change, as a sentence: `agent:41 is live`. */
export function untouched(live: string): RestorationAnswer {
  return toAnswer({ status: 'untouched', message: `${live}: our change never arrived` });
}

/** `message`: whose deployment it is, and that nothing of it is changed. */
export function superseded(message: string): RestorationAnswer {
  return toAnswer({ status: 'superseded', message });
}

export function failed(message: string): RestorationAnswer {
  return toAnswer({ status: 'failed', message });
}

function toAnswer(answer: Restoration): RestorationAnswer {
  return { act: 'none', answer };
}
