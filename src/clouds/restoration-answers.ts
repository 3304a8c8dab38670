import type { Restoration } from '../model/workload.ts';

/** Of a decision on a restoration: nothing is sent in this poll, and this is its answer. */
export interface RestorationAnswer {
  readonly act: 'none';
  readonly answer: Restoration;
}

type Restored = Extract<Restoration, { readonly status: 'restored' }>;

/** The previous revision is restored. */
export function restored(answer: Omit<Restored, 'status'>): RestorationAnswer {
  return toAnswer({ status: 'restored', ...answer });
}

/** The platform has taken the request, and goes on without us. */
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
