#!/usr/bin/env bash
# Stands for aws, az, gcloud, gh and kubectl: notes the call with what it reads, and prints what the real one would print for
# the few that are asked for something. IDs are `kind/name`, so that whoever reads the notes knows what a call refers to.
set -u
program=${0##*/}
line="$program $*"
input=
case $line in
  *'/dev/stdin'* | *' @-'* | *' --filename -'* | *' --input -'* | 'gh secret set '*) IFS= read -r -d '' input || true ;;
esac
{
  printf '%s\037' "$program" "$@"
  printf '\036%s\035' "$input"
} >> "$RECORD"

case $line in
  ${FAIL:-nothing}*)
    echo 'An error occurred (AccessDenied)' >&2
    exit 1
    ;;
esac

# The value of an option.
of() {
  local option=$1
  shift
  while [ $# -gt 1 ]; do
    if [ "$1" = "$option" ]; then
      printf '%s' "$2"
      return
    fi
    shift
  done
}

case $line in
  'aws sts get-caller-identity'*) echo 123456789012 ;;
  'aws ec2 describe-vpcs'*) echo vpc-1 ;;
  'aws ec2 describe-subnets'*) printf 'subnet-1\tsubnet-2\n' ;;
  'aws iam get-open-id-connect-provider'* | 'aws iam get-role'*) exit 254 ;;
  'aws ec2 create-security-group'*) echo "sg/$(of --group-name "$@")" ;;
  'aws ec2 describe-security-groups'*) 
    group=${line#*group-name,Values=}
    echo "sg/${group%% *}"
    ;;
  'aws elbv2 create-target-group'*) echo "tg/$(of --name "$@")" ;;
  'aws elbv2 create-load-balancer'*) echo "lb/$(of --name "$@")" ;;
  'aws elbv2 describe-target-groups'*) echo "tg/$(of --names "$@")" ;;
  'aws elbv2 describe-load-balancers'*) echo "lb/$(of --names "$@")" ;;
  'aws ecs list-task-definitions'*) echo "taskdef/$(of --family-prefix "$@"):1" ;;
  'gh api repos/'*'/deployment-branch-policies '*) printf '%s' "${BRANCH_POLICIES:-}" ;;
  'gh api users/'*) echo '[{"type":"User","id":7}]' ;;
  'gh api repos/acme/agent --jq .id') echo 42 ;;
  'gh api repos/acme/agent/actions/oidc/'*) echo repo:acme@1/agent@42 ;;
  'gcloud projects describe'*) echo 1234 ;;
  'az account show --query tenantId'*) echo 00000000-0000-0000-0000-000000000001 ;;
  'az account show --query id'*) echo 00000000-0000-0000-0000-000000000002 ;;
  'az identity show '*' --query id '*) echo "/subscriptions/S/resourceGroups/$(of --resource-group "$@")/identity/$(of --name "$@")" ;;
  'az identity show '*) echo "identity/$(of --resource-group "$@")/$(of --name "$@")" ;;
  'az ad app create'*) echo "app/$(of --display-name "$@")" ;;
  "az ad app list --filter displayName eq '"*)
    filter=$(of --filter "$@")
    filter=${filter#*\'}
    echo "app/${filter%\'}"
    ;;
  'az ad sp show'*) echo "sp/$(of --id "$@")" ;;
  'kubectl config view'*) echo https://10.0.0.1:6443 ;;
  'kubectl '*' get secret deploy-token '*ca.crt*) echo Y2VydGlmaWNhdGU= ;;
  'kubectl '*' get secret deploy-token '*) echo a-token ;;
esac
