/** What people call a target of this cloud, in the form of `squeeze`. */
export const kubernetesAliases: readonly (readonly [string, string])[] = [
  ['k8s', 'kubernetes'],
  ['kube', 'kubernetes'],
  ['eks', 'kubernetes'],
  ['gke', 'kubernetes'],
  ['aks', 'kubernetes'],
];

/** Inputs of actions that apply manifests -> the next step. */
export const kubernetesInputsElsewhere: readonly (readonly [string, string])[] = [
  ['manifests', 'Write `workload: deployment/<name>`: the workload that is there gets the new image.'],
  ['deployment', 'Write `workload: deployment/<name>`.'],
  ['deploymentname', 'Write `workload: deployment/<name>`.'],
  ['kubecontext', 'It is called `context` here.'],
  ['kubeconfigfile', 'It is called `kubeconfig` here.'],
  ['percentage', 'Write `strategy: canary` with `steps`.'],
];
