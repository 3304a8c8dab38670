#!/usr/bin/env bash
# Prints the commands of docs/setup-azure.md, and runs them with --apply. `npm run readme` writes this file: change that page.
#   REPOSITORY=… REGISTRY=… bash infrastructure/setup/azure.sh [--teardown] [--from STEP] [--apply]
# The variables below can be set in the environment, and ENVIRONMENTS, default: "staging production".
# --from: begins with this step of the first of them.
set -euo pipefail

NAMES="REPOSITORY BRANCH REVIEWER LOCATION REGISTRY SERVICE ROLE_SUFFIX PORT"
GIVEN=
for NAME in $NAMES; do
  if [ -n "${!NAME:-}" ]; then GIVEN="$GIVEN $NAME"; fi
done
REPOSITORY="${REPOSITORY:-}" # the repository on GitHub
BRANCH="${BRANCH:-main}" # the branch that deploys
REVIEWER="${REVIEWER:-}" # login of the user who approves production; empty: no approval
LOCATION="${LOCATION:-westeurope}"
REGISTRY="${REGISTRY:-}" # letters and digits, unique in all of Azure
SERVICE="${SERVICE:-agent}" # the app in each resource group
ROLE_SUFFIX="${ROLE_SUFFIX:-}" # of the names of the custom roles, which are unique in the tenant: for a second subscription
PORT="${PORT:-8080}" # the port on which the container listens
ENVIRONMENTS="${ENVIRONMENTS:-staging production}"
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
  "Name": "Deploy to a container app$ROLE_SUFFIX",
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
  "Name": "Follow changes of container apps$ROLE_SUFFIX",
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
CLIENT_ID=$(az ad app create --display-name "deploy-$SERVICE-$ENVIRONMENT" --query appId --output tsv)
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
CLIENT_ID=$(az ad app list --filter "displayName eq 'deploy-$SERVICE-$ENVIRONMENT'" --query '[0].appId' --output tsv)
PRINCIPAL=$(az ad sp show --id "$CLIENT_ID" --query id --output tsv)
az role assignment create --assignee-object-id "$PRINCIPAL" --assignee-principal-type ServicePrincipal \
  --role "Deploy to a container app$ROLE_SUFFIX" \
  --scope "/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$GROUP/providers/Microsoft.App/containerApps/$SERVICE"
az role assignment create --assignee-object-id "$PRINCIPAL" --assignee-principal-type ServicePrincipal \
  --role "Deploy to a container app$ROLE_SUFFIX" \
  --scope "/subscriptions/$SUBSCRIPTION_ID/resourceGroups/$GROUP/providers/Microsoft.App/managedEnvironments/$ENVIRONMENT"
az role assignment create --assignee-object-id "$PRINCIPAL" --assignee-principal-type ServicePrincipal \
  --role "Follow changes of container apps$ROLE_SUFFIX" \
  --scope "/subscriptions/$SUBSCRIPTION_ID"
az role assignment create --assignee-object-id "$PRINCIPAL" --assignee-principal-type ServicePrincipal \
  --role AcrPush --scope "$REGISTRY_ID"
} # step_7

step_8() { # 8. Create the environment on GitHub
REVIEWERS='[]'
if [ "$ENVIRONMENT" = production ] && [ -n "$REVIEWER" ]; then
  REVIEWERS=$(gh api "users/$REVIEWER" --jq '[{ type: "User", id: .id }]')
fi
gh api --method PUT "repos/$REPOSITORY/environments/$ENVIRONMENT" --silent --input - << END
{
  "reviewers": $REVIEWERS,
  "deployment_branch_policy": { "protected_branches": false, "custom_branch_policies": true }
}
END
POLICIES=repos/$REPOSITORY/environments/$ENVIRONMENT/deployment-branch-policies
gh api "$POLICIES" --jq '.branch_policies[].name' | grep -xF "$BRANCH" > /dev/null ||
  gh api --method POST "$POLICIES" --silent --raw-field "name=$BRANCH"
CLIENT_ID=$(az ad app list --filter "displayName eq 'deploy-$SERVICE-$ENVIRONMENT'" --query '[0].appId' --output tsv)
gh variable set AZURE_TENANT_ID --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$TENANT_ID"
gh variable set AZURE_SUBSCRIPTION_ID --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$SUBSCRIPTION_ID"
gh variable set AZURE_RESOURCE_GROUP --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$GROUP"
gh variable set AZURE_CLIENT_ID --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$CLIENT_ID"
gh variable set AZURE_REGISTRY --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$REGISTRY"
} # step_8

step_9() { # 9. Delete the environment
gh api --method DELETE "repos/$REPOSITORY/environments/$ENVIRONMENT"
CLIENT_ID=$(az ad app list --filter "displayName eq 'deploy-$SERVICE-$ENVIRONMENT'" --query '[0].appId' --output tsv)
PRINCIPAL=$(az ad sp show --id "$CLIENT_ID" --query id --output tsv)
az role assignment delete --assignee "$PRINCIPAL" --role "Follow changes of container apps$ROLE_SUFFIX" \
  --scope "/subscriptions/$SUBSCRIPTION_ID"
az role assignment delete --assignee "$PRINCIPAL" --role AcrPush --scope "$REGISTRY_ID"
az ad app delete --id "$CLIENT_ID"
az group delete --name "$GROUP" --yes
} # step_9

step_10() { # 10. Delete what the environments shared
az group delete --name "$SERVICE-shared" --yes
az role definition delete --name "Deploy to a container app$ROLE_SUFFIX" --scope "/subscriptions/$SUBSCRIPTION_ID"
az role definition delete --name "Follow changes of container apps$ROLE_SUFFIX" --scope "/subscriptions/$SUBSCRIPTION_ID"
} # step_10

set_up() {
  printf "%s:${ENVIRONMENTS%% *} " 1 2 3
  for EACH in $ENVIRONMENTS; do printf "%s:$EACH " 4 5 6 7 8; done
}

tear_down() {
  for EACH in $ENVIRONMENTS; do printf "%s:$EACH " 9; done
  printf "%s:${ENVIRONMENTS%% *} " 10
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
plan=" $("$story")"
case $from:$plan in
  1:* | *" $from:"*) ;;
  *)
    echo "could not start: --from \"$from\" is not the number of a step" >&2
    exit 2
    ;;
esac

# The commands as they are written here, after the variables that they use.
show() {
  awk -v name="$1" 'index($0, name "() {") == 1 { on = 1; next } $0 == "} # " name { on = 0 } on' "$0"
}

ENVIRONMENT=
current=
enter() {
  ENVIRONMENT=$1
  current=
  printf '\nENVIRONMENT=%s\n' "$ENVIRONMENT"
  show look_up
  if [ "$apply" = yes ]; then look_up; fi
}
run() {
  current=$1
  printf '\n# %s: ' "$ENVIRONMENT"
  awk -v name="step_$1" 'index($0, name "() {") == 1 { sub(/^[^#]*# /, ""); print }' "$0"
  show "step_$1"
  if [ "$apply" = yes ]; then "step_$1"; fi
}
stopped() {
  # A command in $(...) fails, then the one that it is part of.
  if [ "$BASH_SUBSHELL" -gt 0 ]; then return; fi
  local left=$next first arguments=
  if [ -z "$current" ]; then
    echo "could not look up what the steps for $ENVIRONMENT need: the command above failed." >&2
    echo 'Fix the cause. Then continue:' >&2
  else
    echo "could not finish step $current for $ENVIRONMENT: the command above failed, those before it were done." >&2
    left=${plan#* "$next" }
    left=${left%% *}
    if [ -z "$left" ]; then
      echo 'Fix the cause and run the rest of this step by hand. It is the last one.' >&2
      return
    fi
    echo 'Fix the cause and run the rest of this step by hand. Then continue with the next step:' >&2
  fi
  first=${left#*:}
  local all=" $ENVIRONMENTS "
  all="$first ${all#* "$first" }"
  if [ "$story" = tear_down ]; then arguments='--teardown '; fi
  {
    printf '  '
    for NAME in $GIVEN; do assign "$NAME"; done
    echo "ENVIRONMENTS=\"${all% }\" bash $0 $arguments--from ${left%%:*} --apply"
  } >&2
}
assign() {
  case $1 in
    *_TOKEN) printf '%s=… ' "$1" ;;
    *) printf '%s=%q ' "$1" "${!1}" ;;
  esac
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
for next in $plan; do
  if [ "${next%%:*}" -lt "$from" ]; then continue; fi
  from=1
  if [ "${next#*:}" != "$ENVIRONMENT" ]; then enter "${next#*:}"; fi
  run "${next%%:*}"
done
if [ "$apply" = no ]; then
  printf '\n# Nothing was changed. With --apply, these commands are run.\n'
fi
