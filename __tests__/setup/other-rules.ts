import { parseAllDocuments } from 'yaml';
import { gitHubRules, type Parsed, type Rule } from './rules.ts';

const accountIn = (line: string) => `account/${/([\w-]+)@[\w-]+\.iam/.exec(line)![1]}`;

/** Everything of a project is named after it: `acme-agent-staging/account/deploy`. */
const inProject = (effect: (call: Parsed) => { needs?: string[]; makes?: string[] }) => (call: Parsed) => {
  const project = call.of('--project');
  const { needs = [], makes = [] } = effect(call);
  const named = (name: string) => `project/${project}/${name}`;
  return { needs: [`project/${project}`, ...needs.map(named)], makes: makes.map(named) };
};

export const googleRules: readonly Rule[] = [
  ...gitHubRules,
  { call: /^gcloud projects create /, effect: ({ line }) => ({ makes: [`project/${line.split(' ')[3]}`] }) },
  { call: /^gcloud projects describe /, effect: ({ line }) => ({ needs: [`project/${line.split(' ')[3]}`] }) },
  { call: /^gcloud projects delete /, effect: ({ line }) => ({ removes: [`project/${line.split(' ')[3]}`] }) },
  {
    call: /^gcloud billing projects link /,
    effect: ({ line }) => {
      const project = `project/${line.split(' ')[4]}`;
      return { needs: [project], makes: [`${project}/billing`] };
    },
  },
  {
    // Cloud Run and Artifact Registry can't be enabled without a billing account.
    call: /^gcloud services enable /,
    effect: inProject(({ line }) => ({
      needs: ['billing'],
      makes: (line.match(/[a-z]+\.googleapis\.com/g) ?? []).map((name) => `api/${name.split('.')[0]}`),
    })),
  },
  {
    call: /^gcloud artifacts repositories create /,
    effect: inProject(({ line }) => ({ needs: ['api/artifactregistry'], makes: [`images/${line.split(' ')[4]}`] })),
  },
  {
    call: /^gcloud artifacts repositories add-iam-policy-binding /,
    effect: inProject(({ line, of }) => ({
      needs: [`images/${line.split(' ')[4]}`, accountIn(of('--member'))],
      makes: [`grant/${of('--role')}`],
    })),
  },
  {
    call: /^gcloud iam service-accounts create /,
    effect: inProject(({ line }) => ({ needs: ['api/iam'], makes: [`account/${line.split(' ')[4]}`] })),
  },
  {
    call: /^gcloud iam service-accounts add-iam-policy-binding /,
    effect: inProject(({ line, of }) => ({
      // The pool of a principal has to exist; its subject has not.
      needs: [
        accountIn(line.split(' ')[4]!),
        of('--member').startsWith('principal:') ? 'pool/github' : accountIn(of('--member')),
      ],
      makes: [`grant/${of('--role')}`],
    })),
  },
  {
    call: /^gcloud run deploy /,
    effect: inProject(({ line, of }) => ({
      needs: ['api/run', accountIn(of('--service-account'))],
      makes: [`service/${line.split(' ')[3]}`],
    })),
  },
  {
    call: /^gcloud run services add-iam-policy-binding /,
    effect: inProject(({ line, of }) => ({
      needs: [`service/${line.split(' ')[4]}`, accountIn(of('--member'))],
      makes: [`grant/${of('--role')}`],
    })),
  },
  {
    call: /^gcloud iam workload-identity-pools create /,
    effect: inProject(({ line }) => ({ needs: ['api/iam'], makes: [`pool/${line.split(' ')[4]}`] })),
  },
  {
    call: /^gcloud iam workload-identity-pools providers create-oidc /,
    effect: inProject(({ line, of }) => ({
      needs: [`pool/${of('--workload-identity-pool')}`],
      makes: [`provider/${line.split(' ')[5]}`],
    })),
  },
];

const groupOf = (scope: string) => /resourceGroups\/([\w-]+)/.exec(scope)?.[1];

export const azureRules: readonly Rule[] = [
  ...gitHubRules,
  { call: /^az account show /, effect: () => ({}) },
  { call: /^az extension add --name containerapp/, effect: () => ({ makes: ['extension'] }) },
  { call: /^az provider register .*--wait/, effect: ({ of }) => ({ makes: [`provider/${of('--namespace')}`] }) },
  { call: /^az group create /, effect: ({ of }) => ({ makes: [`group/${of('--name')}`] }) },
  { call: /^az group delete .*--yes/, effect: ({ of }) => ({ removes: [`group/${of('--name')}`] }) },
  {
    call: /^az acr create /,
    effect: ({ of }) => ({
      needs: [`group/${of('--resource-group')}`, 'provider/Microsoft.ContainerRegistry'],
      makes: [`group/${of('--resource-group')}/registries/${of('--name')}`],
    }),
  },
  {
    call: /^az role definition create /,
    effect: ({ input }) => ({ makes: [`role/${(JSON.parse(input) as { Name: string }).Name}`] }),
  },
  {
    // A role that is assigned can't be deleted.
    call: /^az role definition delete /,
    effect: ({ of }) => ({ removes: [`role/${of('--name')}`], blockedBy: [`assigned/${of('--name')}/`] }),
  },
  {
    call: /^az containerapp env create /,
    effect: ({ of }) => ({
      needs: [
        `group/${of('--resource-group')}`,
        'extension',
        'provider/Microsoft.App',
        'provider/Microsoft.OperationalInsights',
      ],
      makes: [`group/${of('--resource-group')}/managedEnvironments/${of('--name')}`],
    }),
  },
  {
    call: /^az identity create /,
    effect: ({ of }) => ({
      needs: [`group/${of('--resource-group')}`, 'provider/Microsoft.ManagedIdentity'],
      makes: [`group/${of('--resource-group')}/identity/${of('--name')}`],
    }),
  },
  {
    call: /^az identity show /,
    effect: ({ of }) => ({ needs: [`group/${of('--resource-group')}/identity/${of('--name')}`] }),
  },
  {
    // The app pulls its image with the identity, so that has to be allowed to.
    call: /^az containerapp create /,
    effect: ({ of }) => {
      const group = `group/${of('--resource-group')}`;
      const identity = of('--user-assigned').split('/').at(-1);
      return {
        needs: [
          `${group}/managedEnvironments/${of('--environment')}`,
          `${group}/identity/${identity}`,
          `${group}/assigned/AcrPull`,
        ],
        makes: [`${group}/containerApps/${of('--name')}`],
      };
    },
  },
  {
    call: /^az role assignment create /,
    effect: ({ of }) => {
      const [assignee, role, scope] = [of('--assignee-object-id'), of('--role'), of('--scope')];
      const [, identityGroup, identity] = /^identity\/([\w-]+)\/([\w-]+)$/.exec(assignee) ?? [];
      const group = groupOf(scope);
      const resource = scope.split('/').slice(-2).join('/');
      const needs = [
        identity === undefined ? assignee : `group/${identityGroup}/identity/${identity}`,
        ...(group === undefined ? [] : [`group/${group}/${resource}`]),
        ...(role.startsWith('Acr') ? [] : [`role/${role}`]),
      ];
      // An assignment is gone with the group of its identity, or of what it is on. The registry stays.
      if (identity !== undefined) return { needs, makes: [`group/${identityGroup}/assigned/${role}`] };
      if (group === undefined || role.startsWith('Acr')) return { needs, makes: [`assigned/${role}/${assignee}`] };
      return { needs, makes: [`group/${group}/assigned/${role}/${resource}`] };
    },
  },
  {
    call: /^az role assignment delete /,
    effect: ({ of }) => ({ removes: [`assigned/${of('--role')}/${of('--assignee')}`] }),
  },
  { call: /^az ad app create /, effect: ({ of }) => ({ makes: [`app/${of('--display-name')}`] }) },
  // `--display-name` would find each application whose name begins so, and the first of them could be another one.
  {
    call: /^az ad app list --filter displayName eq '[\w-]+' /,
    effect: ({ of }) => ({ needs: [`app/${of('--filter').split("'")[1]}`] }),
  },
  { call: /^az ad sp create /, effect: ({ of }) => ({ needs: [of('--id')], makes: [`sp/${of('--id')}`] }) },
  { call: /^az ad sp show /, effect: ({ of }) => ({ needs: [`sp/${of('--id')}`] }) },
  {
    call: /^az ad app federated-credential create /,
    effect: ({ of, input }) => {
      JSON.parse(input);
      return { needs: [of('--id')], makes: [`${of('--id')}/credential`] };
    },
  },
  // Its service principal is deleted with it, and must not have assignments then: they would stay as "Identity not found".
  {
    call: /^az ad app delete /,
    effect: ({ of }) => ({
      removes: [of('--id'), `sp/${of('--id')}`],
      blockedBy: ['Follow changes of container apps', 'AcrPush'].map((role) => `assigned/${role}/sp/${of('--id')}`),
    }),
  },
];

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

const namespaced = (call: Parsed, names: readonly string[]) =>
  names.map((name) => `namespace/${call.of('--namespace')}/${name}`);

export const kubernetesRules: readonly Rule[] = [
  ...gitHubRules,
  { call: /^kubectl config view /, effect: () => ({}) },
  { call: /^kubectl create namespace /, effect: ({ line }) => ({ makes: [`namespace/${line.split(' ')[3]}`] }) },
  { call: /^kubectl delete namespace /, effect: ({ line }) => ({ removes: [`namespace/${line.split(' ')[3]}`] }) },
  {
    call: /^kubectl --namespace \w+ create secret generic ghcr /,
    effect: (call) => {
      JSON.parse(call.input);
      return { needs: [`namespace/${call.of('--namespace')}`], makes: namespaced(call, ['Secret/ghcr']) };
    },
  },
  {
    call: /^kubectl --namespace \w+ apply --filename -/,
    effect: (call) => {
      const documents = parseAllDocuments(call.input).map((each) => each.toJS() as Manifest);
      const isToken = documents.some(({ metadata }) => metadata.name === 'deploy-token');
      return {
        needs: [`namespace/${call.of('--namespace')}`, ...(isToken ? namespaced(call, ['ServiceAccount/deploy']) : [])],
        makes: namespaced(
          call,
          documents.map(({ kind, metadata }) => `${kind}/${metadata.name}`),
        ),
      };
    },
  },
  {
    call: /^kubectl --namespace \w+ rollout status deployment\//,
    effect: (call) => ({ needs: namespaced(call, [`Deployment/${/deployment\/(\S+)/.exec(call.line)![1]}`]) }),
  },
  {
    call: /^kubectl --namespace \w+ create serviceaccount deploy/,
    effect: (call) => ({
      needs: [`namespace/${call.of('--namespace')}`],
      makes: namespaced(call, ['ServiceAccount/deploy']),
    }),
  },
  {
    call: /^kubectl --namespace \w+ create rolebinding /,
    effect: (call) => ({
      needs: namespaced(call, [`Role/${call.of('--role')}`, 'ServiceAccount/deploy']),
      makes: namespaced(call, [`RoleBinding/${call.of('--role')}`]),
    }),
  },
  {
    call: /^kubectl --namespace \w+ get secret deploy-token /,
    effect: (call) => ({ needs: namespaced(call, ['Secret/deploy-token']) }),
  },
];
