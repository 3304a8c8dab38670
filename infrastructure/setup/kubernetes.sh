#!/usr/bin/env bash
# Prints the commands of docs/setup-kubernetes.md, and runs them with --apply. `npm run readme` writes this file: change that page.
#   REPOSITORY=… bash infrastructure/setup/kubernetes.sh [--teardown] [--from STEP] [--apply]
# The variables below can be set in the environment, and ENVIRONMENTS, default: "staging production".
# --from: begins with this step of the first of them.
set -euo pipefail

NAMES="REPOSITORY BRANCH REVIEWER PULL_TOKEN WORKLOAD PORT HEALTH_PATH"
GIVEN=
for NAME in $NAMES; do
  if [ -n "${!NAME:-}" ]; then GIVEN="$GIVEN $NAME"; fi
done
REPOSITORY="${REPOSITORY:-}" # the repository on GitHub
BRANCH="${BRANCH:-main}" # the branch that deploys
REVIEWER="${REVIEWER:-}" # login of the user who approves production; empty: no approval
PULL_TOKEN="${PULL_TOKEN:-}" # token with read:packages; empty: the image in GHCR is public
WORKLOAD="${WORKLOAD:-agent}" # the Deployment, its Service and its container
PORT="${PORT:-8080}" # the port on which the container listens
HEALTH_PATH="${HEALTH_PATH:-/health}" # the path that answers 200 when the container is ready
ENVIRONMENTS="${ENVIRONMENTS:-staging production}"
REQUIRED="REPOSITORY"
PAGE=docs/setup-kubernetes.md

look_up() { # Look-ups
NAMESPACE=$ENVIRONMENT
API_SERVER=$(kubectl config view --minify --output 'jsonpath={.clusters[0].cluster.server}')
} # look_up

step_1() { # 1. Create the namespace and the pull secret
kubectl create namespace "$NAMESPACE"
if [ -n "$PULL_TOKEN" ]; then
  kubectl --namespace "$NAMESPACE" create secret generic ghcr --type kubernetes.io/dockerconfigjson \
    --from-file .dockerconfigjson=/dev/stdin << END
{ "auths": { "ghcr.io": { "username": "${REPOSITORY%%/*}", "password": "$PULL_TOKEN" } } }
END
fi
} # step_1

step_2() { # 2. Create the Deployment and its Service
kubectl --namespace "$NAMESPACE" apply --filename - << END
apiVersion: apps/v1
kind: Deployment
metadata: { name: $WORKLOAD }
spec:
  replicas: 3
  selector: { matchLabels: { app: $WORKLOAD } }
  template:
    metadata: { labels: { app: $WORKLOAD } }
    spec:
      imagePullSecrets: [{ name: ghcr }]
      containers:
        - name: $WORKLOAD
          image: us-docker.pkg.dev/google-samples/containers/gke/hello-app:1.0
          env: [{ name: PORT, value: "$PORT" }]
          ports: [{ containerPort: $PORT }]
          readinessProbe: { httpGet: { path: $HEALTH_PATH, port: $PORT } }
---
apiVersion: v1
kind: Service
metadata: { name: $WORKLOAD }
spec:
  type: LoadBalancer
  selector: { app: $WORKLOAD }
  ports: [{ port: 80, targetPort: $PORT }]
END
kubectl --namespace "$NAMESPACE" rollout status "deployment/$WORKLOAD" --timeout 5m
} # step_2

step_3() { # 3. Create the Roles
kubectl --namespace "$NAMESPACE" apply --filename - << END
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: deploy, namespace: $NAMESPACE }
rules:
  - { apiGroups: [apps], resources: [deployments], resourceNames: [$WORKLOAD], verbs: [get, patch] }
  - { apiGroups: [apps], resources: [deployments], resourceNames: [$WORKLOAD-canary], verbs: [get] }
  - { apiGroups: [apps], resources: [replicasets], verbs: [get, list] }
  - { apiGroups: [""], resources: [pods, services, events], verbs: [list] }
  - { apiGroups: [""], resources: [pods/log], verbs: [get] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: deploy-beside, namespace: $NAMESPACE }
rules:
  - { apiGroups: [apps], resources: [deployments], verbs: [create] }
  - { apiGroups: [apps], resources: [deployments], resourceNames: [$WORKLOAD-canary], verbs: [patch, delete] }
  - { apiGroups: [""], resources: [services], resourceNames: [$WORKLOAD], verbs: [get] }
  - { apiGroups: [""], resources: [pods/status], verbs: [patch] }
  - { apiGroups: [""], resources: [pods/proxy], verbs: [get, create] }
END
} # step_3

step_4() { # 4. Create the ServiceAccount that GitHub uses
kubectl --namespace "$NAMESPACE" create serviceaccount deploy
kubectl --namespace "$NAMESPACE" create rolebinding deploy --role deploy --serviceaccount "$NAMESPACE:deploy"
kubectl --namespace "$NAMESPACE" create rolebinding deploy-beside --role deploy-beside \
  --serviceaccount "$NAMESPACE:deploy"
kubectl --namespace "$NAMESPACE" apply --filename - << 'END'
apiVersion: v1
kind: Secret
metadata:
  name: deploy-token
  annotations: { kubernetes.io/service-account.name: deploy }
type: kubernetes.io/service-account-token
END
} # step_4

step_5() { # 5. Create the environment on GitHub
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
gh variable set KUBERNETES_API_SERVER --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$API_SERVER"
gh variable set KUBERNETES_NAMESPACE --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$NAMESPACE"
} # step_5

step_6() { # 6. Store the kubeconfig
CERTIFICATE=$(kubectl --namespace "$NAMESPACE" get secret deploy-token --output 'go-template={{index .data "ca.crt"}}')
TOKEN=$(kubectl --namespace "$NAMESPACE" get secret deploy-token --output 'go-template={{.data.token | base64decode}}')
base64 << END | tr -d '\n' | gh secret set KUBECONFIG --repo "$REPOSITORY" --env "$ENVIRONMENT"
apiVersion: v1
kind: Config
current-context: $ENVIRONMENT
clusters: [{ name: $ENVIRONMENT, cluster: { server: "$API_SERVER", certificate-authority-data: "$CERTIFICATE" } }]
users: [{ name: deploy, user: { token: "$TOKEN" } }]
contexts: [{ name: $ENVIRONMENT, context: { cluster: $ENVIRONMENT, user: deploy, namespace: $NAMESPACE } }]
END
} # step_6

step_7() { # 7. Delete the environment
gh api --method DELETE "repos/$REPOSITORY/environments/$ENVIRONMENT"
kubectl delete namespace "$NAMESPACE"
} # step_7

set_up() {
  for EACH in $ENVIRONMENTS; do printf "%s:$EACH " 1 2 3 4 5 6; done
}

tear_down() {
  for EACH in $ENVIRONMENTS; do printf "%s:$EACH " 7; done
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
