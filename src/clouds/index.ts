import type { ShortName } from '../model/short-names.ts';
import { ecsTarget } from './aws/ecs/target.ts';
import { eksLogin } from './aws/eks/login.ts';
import { awsAliases, awsInputsElsewhere } from './aws/other-names.ts';
import { ecrRegistry } from './aws/registry/registry.ts';
import { awsShortNames } from './aws/short-names.ts';
import { aksLogin } from './azure/aks/login.ts';
import { containerAppsTarget } from './azure/container-apps/target.ts';
import { azureDebugSwitches } from './azure/debug-switches.ts';
import { azureAliases, azureInputsElsewhere } from './azure/other-names.ts';
import { acrRegistry } from './azure/registry/registry.ts';
import { cloudRunTarget } from './google/cloud-run/target.ts';
import { googleDebugSwitches } from './google/debug-switches.ts';
import { gkeLogin } from './google/gke/login.ts';
import { googleAliases, googleInputsElsewhere } from './google/other-names.ts';
import { artifactRegistry } from './google/registry/registry.ts';
import { kubernetesAliases, kubernetesInputsElsewhere } from './kubernetes/other-names.ts';
import { kubernetesTarget } from './kubernetes/target.ts';
import { inputsElsewhere as common } from './other-names.ts';
import type { CloudRegistry, Target } from './target.ts';

/** Every kind of thing that can be deployed to, by the name that the input `target` gives it. */
export const targets: ReadonlyMap<string, Target> = new Map([
  ['ecs', ecsTarget],
  ['cloud-run', cloudRunTarget],
  ['container-apps', containerAppsTarget],
  ['kubernetes', kubernetesTarget([eksLogin, gkeLogin, aksLogin])],
]);

/** What a target is called elsewhere, in the form of `squeeze`. */
export const targetAliases: ReadonlyMap<string, string> = new Map([
  ...awsAliases,
  ...googleAliases,
  ...azureAliases,
  ...kubernetesAliases,
]);
/** What an input is called here that another action has -> the next step. */
export const inputsElsewhere: ReadonlyMap<string, string> = new Map([
  ...common,
  ...awsInputsElsewhere,
  ...googleInputsElsewhere,
  ...azureInputsElsewhere,
  ...kubernetesInputsElsewhere,
]);

/** Every kind of registry whose login is that of its cloud. */
export const registries: readonly CloudRegistry[] = [ecrRegistry, artifactRegistry, acrRegistry];

/** Variables with which the clouds' libraries print what they send. */
export const debugSwitches: readonly string[] = [...azureDebugSwitches, ...googleDebugSwitches];

/** How the log says the clouds' long names. */
export const shortNames: readonly ShortName[] = awsShortNames;
