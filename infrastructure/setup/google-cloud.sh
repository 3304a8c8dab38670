#!/usr/bin/env bash
# Prints the commands of docs/setup-google-cloud.md, and runs them with --apply. `npm run readme` writes this file: change that page.
#   REPOSITORY=… PROJECT_PREFIX=… BILLING_ACCOUNT=… bash infrastructure/setup/google-cloud.sh [--teardown] [--from STEP] [--apply]
# The variables below can be set in the environment, and ENVIRONMENTS, default: "staging production".
# --from: begins with this step of the first of them.
set -euo pipefail

NAMES="REPOSITORY BRANCH REVIEWER PROJECT_PREFIX BILLING_ACCOUNT GOOGLE_REGION SERVICE ARTIFACT_REPOSITORY PORT"
GIVEN=
for NAME in $NAMES; do
  if [ -n "${!NAME:-}" ]; then GIVEN="$GIVEN $NAME"; fi
done
REPOSITORY="${REPOSITORY:-}" # the repository on GitHub
BRANCH="${BRANCH:-main}" # the branch that deploys
REVIEWER="${REVIEWER:-}" # login of the user who approves production; empty: no approval
PROJECT_PREFIX="${PROJECT_PREFIX:-}" # of the IDs of the projects, at most 19 characters: they are unique in all of Google Cloud
BILLING_ACCOUNT="${BILLING_ACCOUNT:-}" # its ID: gcloud billing accounts list
GOOGLE_REGION="${GOOGLE_REGION:-europe-west1}"
SERVICE="${SERVICE:-agent}"
ARTIFACT_REPOSITORY="${ARTIFACT_REPOSITORY:-images}"
PORT="${PORT:-8080}" # the port on which the container listens
ENVIRONMENTS="${ENVIRONMENTS:-staging production}"
REQUIRED="REPOSITORY PROJECT_PREFIX BILLING_ACCOUNT"
PAGE=docs/setup-google-cloud.md

look_up() { # Look-ups
PROJECT=$PROJECT_PREFIX-$ENVIRONMENT
REPOSITORY_ID=$(gh api "repos/$REPOSITORY" --jq .id)
SUBJECT=$(gh api "repos/$REPOSITORY/actions/oidc/customization/sub" --jq .sub_claim_prefix):environment:$ENVIRONMENT
} # look_up

step_1() { # 1. Create the project
gcloud projects create "$PROJECT"
gcloud billing projects link "$PROJECT" --billing-account "$BILLING_ACCOUNT"
gcloud services enable --project "$PROJECT" run.googleapis.com artifactregistry.googleapis.com \
  iam.googleapis.com iamcredentials.googleapis.com sts.googleapis.com
} # step_1

step_2() { # 2. Create the repository for the images
gcloud artifacts repositories create "$ARTIFACT_REPOSITORY" --project "$PROJECT" --location "$GOOGLE_REGION" \
  --repository-format docker
} # step_2

step_3() { # 3. Create the first service
gcloud iam service-accounts create "$SERVICE-runtime" --project "$PROJECT"
gcloud run deploy "$SERVICE" --project "$PROJECT" --region "$GOOGLE_REGION" --port "$PORT" --allow-unauthenticated \
  --service-account "$SERVICE-runtime@$PROJECT.iam.gserviceaccount.com" \
  --image us-docker.pkg.dev/google-samples/containers/gke/hello-app:1.0
} # step_3

step_4() { # 4. Trust GitHub's tokens (OIDC)
gcloud iam workload-identity-pools create github --project "$PROJECT" --location global
gcloud iam workload-identity-pools providers create-oidc deploy --project "$PROJECT" --location global \
  --workload-identity-pool github \
  --issuer-uri https://token.actions.githubusercontent.com \
  --attribute-mapping "google.subject=assertion.sub,attribute.repository_id=assertion.repository_id" \
  --attribute-condition "assertion.repository_id == '$REPOSITORY_ID'"
} # step_4

step_5() { # 5. Create the service account that GitHub impersonates
NUMBER=$(gcloud projects describe "$PROJECT" --format 'value(projectNumber)')
DEPLOYER=deploy@$PROJECT.iam.gserviceaccount.com
gcloud iam service-accounts create deploy --project "$PROJECT"
gcloud iam service-accounts add-iam-policy-binding "$DEPLOYER" --project "$PROJECT" \
  --role roles/iam.workloadIdentityUser \
  --member "principal://iam.googleapis.com/projects/$NUMBER/locations/global/workloadIdentityPools/github/subject/$SUBJECT"
} # step_5

step_6() { # 6. Grant its roles
DEPLOYER=deploy@$PROJECT.iam.gserviceaccount.com
gcloud run services add-iam-policy-binding "$SERVICE" --project "$PROJECT" --region "$GOOGLE_REGION" \
  --member "serviceAccount:$DEPLOYER" --role roles/run.developer
gcloud iam service-accounts add-iam-policy-binding "$SERVICE-runtime@$PROJECT.iam.gserviceaccount.com" \
  --project "$PROJECT" --member "serviceAccount:$DEPLOYER" --role roles/iam.serviceAccountUser
gcloud artifacts repositories add-iam-policy-binding "$ARTIFACT_REPOSITORY" --project "$PROJECT" \
  --location "$GOOGLE_REGION" --member "serviceAccount:$DEPLOYER" --role roles/artifactregistry.writer
} # step_6

step_7() { # 7. Create the environment on GitHub
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
NUMBER=$(gcloud projects describe "$PROJECT" --format 'value(projectNumber)')
gh variable set GOOGLE_PROJECT --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$PROJECT"
gh variable set GOOGLE_REGION --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$GOOGLE_REGION"
gh variable set GOOGLE_PROVIDER --repo "$REPOSITORY" --env "$ENVIRONMENT" \
  --body "projects/$NUMBER/locations/global/workloadIdentityPools/github/providers/deploy"
gh variable set GOOGLE_ACCOUNT --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "deploy@$PROJECT.iam.gserviceaccount.com"
} # step_7

step_8() { # 8. Delete the environment
gh api --method DELETE "repos/$REPOSITORY/environments/$ENVIRONMENT"
gcloud projects delete "$PROJECT"
} # step_8

set_up() {
  for EACH in $ENVIRONMENTS; do printf "%s:$EACH " 1 2 3 4 5 6 7; done
}

tear_down() {
  for EACH in $ENVIRONMENTS; do printf "%s:$EACH " 8; done
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
