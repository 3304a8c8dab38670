import { type JsonObject, listAt, objectAt, textAt } from '../../../model/json.ts';
import { COPY_LABEL, copyLabel, copyName, GATE, otherLabel } from './names.ts';

export interface CopyPlan {
  /** The pod template that is to go live, without `pod-template-hash`. */
  readonly template: JsonObject;
  readonly replicas: number;
  /** Our own: the mark, the marker, the strategy. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Label of the pods that gets another value, so that a Service which selects by it doesn't select them; null: none. */
  readonly unselectedBy: string | null;
}

/**
 * The second Deployment. Of the first one's metadata it carries nothing: annotations and labels there belong to others, who
 * pause, scale or delete what has them (fluxcd/flagger#1934, fluxcd/flagger#177).
 */
export function copyOf(deployment: JsonObject, plan: CopyPlan): JsonObject {
  const name = textAt(deployment, 'metadata', 'name');
  const spec = objectAt(deployment, 'spec');
  const own = { [COPY_LABEL]: copyLabel(name) };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: copyName(name),
      namespace: textAt(deployment, 'metadata', 'namespace'),
      labels: own,
      annotations: plan.annotations,
    },
    spec: {
      replicas: plan.replicas,
      // Nothing is ever rolled back to within the copy.
      revisionHistoryLimit: 0,
      ...(spec['progressDeadlineSeconds'] === undefined
        ? {}
        : { progressDeadlineSeconds: spec['progressDeadlineSeconds'] }),
      selector: { matchLabels: own },
      template: gatedTemplate(plan, own),
    },
  };
}

function gatedTemplate({ template, unselectedBy }: CopyPlan, own: JsonObject): JsonObject {
  const metadata = objectAt(template, 'metadata');
  const spec = objectAt(template, 'spec');
  const labels = objectAt(metadata, 'labels');
  const other = unselectedBy === null ? {} : { [unselectedBy]: otherLabel(textAt(labels, unselectedBy)) };
  return {
    ...template,
    metadata: { ...metadata, labels: { ...labels, ...other, ...own } },
    spec: { ...spec, readinessGates: [...listAt(spec, 'readinessGates'), { conditionType: GATE }] },
  };
}

/** Best known as a workload's name, so that what else selects by labels is affected least. */
const NAME_LABELS = ['app.kubernetes.io/name', 'app', 'k8s-app', 'name'];

/** By which label of the selector the pods of a copy are to differ. */
export function chooseUnselected(selector: JsonObject): string | null {
  const keys = Object.keys(selector).filter((key) => key !== COPY_LABEL);
  return NAME_LABELS.find((key) => keys.includes(key)) ?? keys.sort()[0] ?? null;
}
