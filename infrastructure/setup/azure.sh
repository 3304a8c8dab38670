#!/usr/bin/env bash
# Prints the commands of docs/setup-azure.md, and runs them with --apply. `npm run readme` writes this file: change that page.
#   REPOSITORY=… REGISTRY=… bash infrastructure/setup/azure.sh [--teardown] [--from STEP] [--apply]
# The variables below can be set in the environment, and ENVIRONMENTS, default: "staging production".
set -euo pipefail

REPOSITORY="${REPOSITORY:-}" # the repository on GitHub
BRANCH="${BRANCH:-main}" # the branch that deploys
REVIEWER="${REVIEWER:-}" # login of the user who approves production; empty: no approval
LOCATION="${LOCATION:-westeurope}"
REGISTRY="${REGISTRY:-}" # letters and digits, unique in all of Azure
SERVICE="${SERVICE:-agent}" # the app in each resource group
PORT="${PORT:-8080}" # the port on which the container listens
ENVIRONMENTS="${ENVIRONMENTS:-staging production}"
NAMES="REPOSITORY BRANCH REVIEWER ENVIRONMENTS LOCATION REGISTRY SERVICE PORT"
REQUIRED="REPOSITORY REGISTRY"
PAGE=docs/setup-azure.md

look_up() { # Look-ups
GROUP=$SERVICE-$ENVIRONMENT
TENANT_ID=$(az account show --query tenantId --output tsv)
SUBSCRIPTION_ID=$(az account show --query id --output tsv)
SUBJECT=$(gh api "repos/$REPOSITORY/actions/oidc/customization/sub" --jq .sub_claim_prefix):environment:$ENVIRONMENT
REGISTRY_ID=/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$SERVICE-shared/providers/Microsoft.ContainerRegistry/registries/$REGISTRY
} # look_up

step_1() { # 1. Register the services
az extension add --name containerapp --upgrade
az provider register --namespace Microsoft.App --wait
az provider register --namespace Microsoft.OperationalInsights --wait
az provider register --namespace Microsoft.ContainerRegistry --wait
az provider register --namespace Microsoft.ManagedIdentity --wait
} # step_1

step_2() { # 2. Create the registry
az group create --name "$SERVICE-shared" --location "$LOCATION"
az acr create --name "$REGISTRY" --resource-group "$SERVICE-shared" --location "$LOCATION" --sku Basic
} # step_2

step_3() { # 3. Create the custom roles
az role definition create --role-definition @- << END
{
  "Name": "Deploy to a container app",
  "Description": "What deploy-agent needs",
  "Actions": [
    "Microsoft.App/containerApps/read",
    "Microsoft.App/containerApps/write",
    "Microsoft.App/containerApps/revisions/read",
    "Microsoft.App/containerApps/revisions/activate/action",
    "Microsoft.App/containerApps/revisions/deactivate/action",
    "Microsoft.App/containerApps/revisions/replicas/read",
    "Microsoft.App/containerApps/authConfigs/read",
    "Microsoft.App/managedEnvironments/join/action",
    "Microsoft.App/managedEnvironments/read"
  ],
  "AssignableScopes": ["/subscriptions/$SUBSCRIPTION_ID"]
}
END
az role definition create --role-definition @- << END
{
  "Name": "Follow changes of container apps",
  "Description": "What deploy-agent needs of the subscription",
  "Actions": ["Microsoft.App/locations/containerappOperationStatuses/read"],
  "AssignableScopes": ["/subscriptions/$SUBSCRIPTION_ID"]
}
END
} # step_3

step_4() { # 4. Create the environment of Container Apps
az group create --name "$GROUP" --location "$LOCATION"
az containerapp env create --name "$ENVIRONMENT" --resource-group "$GROUP" --location "$LOCATION"
} # step_4

step_5() { # 5. Create the first app
az identity create --name "$SERVICE-pull" --resource-group "$GROUP" --location "$LOCATION"
PULLER=$(az identity show --name "$SERVICE-pull" --resource-group "$GROUP" --query id --output tsv)
PULLER_PRINCIPAL=$(az identity show --name "$SERVICE-pull" --resource-group "$GROUP" --query principalId --output tsv)
az role assignment create --assignee-object-id "$PULLER_PRINCIPAL" --assignee-principal-type ServicePrincipal \
  --role AcrPull --scope "$REGISTRY_ID"
az containerapp create --name "$SERVICE" --resource-group "$GROUP" --environment "$ENVIRONMENT" \
  --image us-docker.pkg.dev/google-samples/containers/gke/hello-app:1.0 --env-vars "PORT=$PORT" \
  --ingress external --target-port "$PORT" --min-replicas 1 --revisions-mode multiple \
  --user-assigned "$PULLER" --registry-server "$REGISTRY.azurecr.io" --registry-identity "$PULLER"
} # step_5

step_6() { # 6. Create the application that GitHub authenticates as
az ad app create --display-name "deploy-$SERVICE-$ENVIRONMENT"
CLIENT_ID=$(az ad app list --display-name "deploy-$SERVICE-$ENVIRONMENT" --query '[0].appId' --output tsv)
az ad sp create --id "$CLIENT_ID"
az ad app federated-credential create --id "$CLIENT_ID" --parameters @- << END
{
  "name": "github-$ENVIRONMENT",
  "issuer": "https://token.actions.githubusercontent.com",
  "subject": "$SUBJECT",
  "audiences": ["api://AzureADTokenExchange"]
}
END
} # step_6

step_7() { # 7. Assign its roles
CLIENT_ID=$(az ad app list --display-name "deploy-$SERVICE-$ENVIRONMENT" --query '[0].appId' --output tsv)
PRINCIPAL=$(az ad sp show --id "$CLIENT_ID" --query id --output tsv)
az role assignment create --assignee-object-id "$PRINCIPAL" --assignee-principal-type ServicePrincipal \
  --role "Deploy to a container app" \
  --scope "/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$GROUP/providers/Microsoft.App/containerApps/$SERVICE"
az role assignment create --assignee-object-id "$PRINCIPAL" --assignee-principal-type ServicePrincipal \
  --role "Deploy to a container app" \
  --scope "/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$GROUP/providers/Microsoft.App/managedEnvironments/$ENVIRONMENT"
az role assignment create --assignee-object-id "$PRINCIPAL" --assignee-principal-type ServicePrincipal \
  --role "Follow changes of container apps" \
  --scope "/subscriptions/$SUBSCRIPTION_ID"
az role assignment create --assignee-object-id "$PRINCIPAL" --assignee-principal-type ServicePrincipal \
  --role AcrPush --scope "$REGISTRY_ID"
} # step_7

step_8() { # 8. Create the environment on GitHub
REVIEWERS='[]'
if [ "$ENVIRONMENT" = production ] && [ -n "$REVIEWER" ]; then
  REVIEWERS=$(gh api "users/$REVIEWER" --jq '[{ type: "User", id: .id }]')
fi
gh api --method PUT "repos/$REPOSITORY/environments/$ENVIRONMENT" --input - << END
{
  "reviewers": $REVIEWERS,
  "deployment_branch_policy": { "protected_branches": false, "custom_branch_policies": true }
}
END
POLICIES=repos/$REPOSITORY/environments/$ENVIRONMENT/deployment-branch-policies
gh api "$POLICIES" --jq '.branch_policies[].name' | grep -xF "$BRANCH" > /dev/null ||
  gh api --method POST "$POLICIES" --raw-field "name=$BRANCH"
CLIENT_ID=$(az ad app list --display-name "deploy-$SERVICE-$ENVIRONMENT" --query '[0].appId' --output tsv)
gh variable set AZURE_TENANT_ID --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$TENANT_ID"
gh variable set AZURE_SUBSCRIPTION_ID --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$SUBSCRIPTION_ID"
gh variable set AZURE_RESOURCE_GROUP --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$GROUP"
gh variable set AZURE_CLIENT_ID --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$CLIENT_ID"
gh variable set AZURE_REGISTRY --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$REGISTRY"
} # step_8

step_9() { # 9. Delete the environment
gh api --method DELETE "repos/$REPOSITORY/environments/$ENVIRONMENT"
CLIENT_ID=$(az ad app list --display-name "deploy-$SERVICE-$ENVIRONMENT" --query '[0].appId' --output tsv)
PRINCIPAL=$(az ad sp show --id "$CLIENT_ID" --query id --output tsv)
az role assignment delete --assignee "$PRINCIPAL" --role "Follow changes of container apps" \
  --scope "/subscriptions/$SUBSCRIPTION_ID"
az role assignment delete --assignee "$PRINCIPAL" --role AcrPush --scope "$REGISTRY_ID"
az ad app delete --id "$CLIENT_ID"
az group delete --name "$GROUP" --yes
} # step_9

step_10() { # 10. Delete what the environments shared
az group delete --name "$SERVICE-shared" --yes
az role definition delete --name "Deploy to a container app" --scope "/subscriptions/$SUBSCRIPTION_ID"
az role definition delete --name "Follow changes of container apps" --scope "/subscriptions/$SUBSCRIPTION_ID"
} # step_10

set_up() {
  ENVIRONMENT=${ENVIRONMENTS%% *}; look; run 1; run 2; run 3
  for ENVIRONMENT in $ENVIRONMENTS; do look; run 4; run 5; run 6; run 7; run 8; done
}

tear_down() {
  for ENVIRONMENT in $ENVIRONMENTS; do look; run 9; done
  ENVIRONMENT=${ENVIRONMENTS%% *}; look; run 10
}


apply=no
from=1
story=set_up
while [ $# -gt 0 ]; do
  case $1 in
    --apply) apply=yes ;;
    --teardown) story=tear_down ;;
    --from)
      from=${2:?--from needs the number of a step}
      shift
      ;;
    *)
      echo "could not start: unknown argument \"$1\"; expected --teardown, --from STEP or --apply" >&2
      exit 2
      ;;
  esac
  shift
done
for NAME in $REQUIRED; do
  if [ -z "${!NAME}" ]; then
    echo "could not start: $NAME is required. Set it in the environment; $PAGE says what it is" >&2
    exit 2
  fi
done
case $from in
  '' | *[!0-9]*)
    echo "could not start: --from \"$from\" is not the number of a step" >&2
    exit 2
    ;;
esac

# The commands as they are written here, after the variables that they use.
show() {
  awk -v name="$1" 'index($0, name "() {") == 1 { on = 1; next } $0 == "} # " name { on = 0 } on' "$0"
}

current=
look() {
  if [ "$apply" = yes ]; then look_up; fi
}
run() {
  if [ "$1" -lt "$from" ]; then return 0; fi
  current=$1
  printf '\n# %s: ' "$ENVIRONMENT"
  awk -v name="step_$1" 'index($0, name "() {") == 1 { sub(/^[^#]*# /, ""); print }' "$0"
  show "step_$1"
  if [ "$apply" = yes ]; then "step_$1"; fi
}
stopped() {
  echo "could not finish step ${current:-0} for $ENVIRONMENT: the command above failed, those before it were done." >&2
  echo "Fix the cause and run the rest of this step by hand. Then continue with the next step:" >&2
  echo "  ENVIRONMENTS=$ENVIRONMENT bash $0 --from $((${current:-0} + 1)) --apply, then the same for the other environments" >&2
}
set -E
if [ "$apply" = yes ]; then trap stopped ERR; fi

echo "# The commands of $PAGE"
for NAME in $NAMES; do
  case $NAME:${!NAME} in
    *_TOKEN:?*) printf '%s=…\n' "$NAME" ;;
    *) printf '%s=%q\n' "$NAME" "${!NAME}" ;;
  esac
done
show look_up
"$story"
if [ "$apply" = no ]; then
  printf '\n# Nothing was changed. With --apply, these commands are run.\n'
fi
