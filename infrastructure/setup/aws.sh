#!/usr/bin/env bash
# Prints the commands of docs/setup-aws.md, and runs them with --apply. `npm run readme` writes this file: change that page.
#   REPOSITORY=… bash infrastructure/setup/aws.sh [--teardown] [--from STEP] [--apply]
# The variables below can be set in the environment, and ENVIRONMENTS, default: "staging production".
# --from: begins with this step of the first of them.
set -euo pipefail

NAMES="REPOSITORY BRANCH REVIEWER AWS_REGION SERVICE ECR_REPOSITORY PORT HEALTH_PATH"
GIVEN=
for NAME in $NAMES; do
  if [ -n "${!NAME:-}" ]; then GIVEN="$GIVEN $NAME"; fi
done
REPOSITORY="${REPOSITORY:-}" # the repository on GitHub
BRANCH="${BRANCH:-main}" # the branch that deploys
REVIEWER="${REVIEWER:-}" # login of the user who approves production; empty: no approval
AWS_REGION="${AWS_REGION:-eu-west-1}"
SERVICE="${SERVICE:-agent}" # also the name of the container
ECR_REPOSITORY="${ECR_REPOSITORY:-agent}"
PORT="${PORT:-8080}" # the port on which the container listens
HEALTH_PATH="${HEALTH_PATH:-/health}" # the path that answers 200 when the container is ready
ENVIRONMENTS="${ENVIRONMENTS:-staging production}"
REQUIRED="REPOSITORY"
PAGE=docs/setup-aws.md

look_up() { # Look-ups
export AWS_DEFAULT_REGION="$AWS_REGION" AWS_PAGER=
ACCOUNT=$(aws sts get-caller-identity --query Account --output text)
SUBJECT=$(gh api "repos/$REPOSITORY/actions/oidc/customization/sub" --jq .sub_claim_prefix):environment:$ENVIRONMENT
VPC=$(aws ec2 describe-vpcs --filters Name=is-default,Values=true --query 'Vpcs[0].VpcId' --output text)
read -ra SUBNETS <<< "$(aws ec2 describe-subnets --filters "Name=vpc-id,Values=$VPC" --query 'Subnets[].SubnetId' --output text)"
} # look_up

step_1() { # 1. Trust GitHub's tokens (OIDC)
aws iam get-open-id-connect-provider > /dev/null 2>&1 \
  --open-id-connect-provider-arn "arn:aws:iam::$ACCOUNT:oidc-provider/token.actions.githubusercontent.com" ||
  aws iam create-open-id-connect-provider \
    --url https://token.actions.githubusercontent.com \
    --client-id-list sts.amazonaws.com
} # step_1

step_2() { # 2. Create the repository for the images
aws ecr create-repository --repository-name "$ECR_REPOSITORY" --image-tag-mutability IMMUTABLE
} # step_2

step_3() { # 3. Create the roles of the tasks
TRUST=$(cat << 'END'
{
  "Version": "2012-10-17",
  "Statement": [
    { "Effect": "Allow", "Principal": { "Service": "ecs-tasks.amazonaws.com" }, "Action": "sts:AssumeRole" }
  ]
}
END
)
for ROLE in "$SERVICE-execution" "$SERVICE-task"; do
  aws iam create-role --role-name "$ROLE" --assume-role-policy-document "$TRUST"
done
aws iam attach-role-policy --role-name "$SERVICE-execution" \
  --policy-arn arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy
aws iam get-role --role-name AWSServiceRoleForECS > /dev/null 2>&1 ||
  aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com
} # step_3

step_4() { # 4. Create the cluster and the log group
aws ecs create-cluster --cluster-name "$ENVIRONMENT"
aws logs create-log-group --log-group-name "/ecs/$SERVICE-$ENVIRONMENT"
aws logs put-retention-policy --log-group-name "/ecs/$SERVICE-$ENVIRONMENT" --retention-in-days 30
} # step_4

step_5() { # 5. Create the load balancer
BALANCER_GROUP=$(aws ec2 create-security-group --group-name "$SERVICE-$ENVIRONMENT-balancer" \
  --description "Load balancer of $SERVICE" --vpc-id "$VPC" --query GroupId --output text)
aws ec2 authorize-security-group-ingress --group-id "$BALANCER_GROUP" --protocol tcp --port 80 --cidr 0.0.0.0/0
TASK_GROUP=$(aws ec2 create-security-group --group-name "$SERVICE-$ENVIRONMENT-tasks" \
  --description "Tasks of $SERVICE" --vpc-id "$VPC" --query GroupId --output text)
aws ec2 authorize-security-group-ingress --group-id "$TASK_GROUP" --protocol tcp --port "$PORT" \
  --source-group "$BALANCER_GROUP"
TARGET_GROUP=$(aws elbv2 create-target-group --name "$SERVICE-$ENVIRONMENT" --protocol HTTP --port "$PORT" \
  --vpc-id "$VPC" --target-type ip --health-check-path "$HEALTH_PATH" \
  --query 'TargetGroups[0].TargetGroupArn' --output text)
BALANCER=$(aws elbv2 create-load-balancer --name "$SERVICE-$ENVIRONMENT" --subnets "${SUBNETS[@]}" \
  --security-groups "$BALANCER_GROUP" --query 'LoadBalancers[0].LoadBalancerArn' --output text)
aws elbv2 create-listener --load-balancer-arn "$BALANCER" --protocol HTTP --port 80 \
  --default-actions "Type=forward,TargetGroupArn=$TARGET_GROUP"
} # step_5

step_6() { # 6. Create the first service
TASK_GROUP=$(aws ec2 describe-security-groups --query 'SecurityGroups[0].GroupId' --output text \
  --filters "Name=group-name,Values=$SERVICE-$ENVIRONMENT-tasks" "Name=vpc-id,Values=$VPC")
TARGET_GROUP=$(aws elbv2 describe-target-groups --names "$SERVICE-$ENVIRONMENT" \
  --query 'TargetGroups[0].TargetGroupArn' --output text)
TASK_DEFINITION=$(cat << END
{
  "family": "$SERVICE-$ENVIRONMENT",
  "requiresCompatibilities": ["FARGATE"],
  "networkMode": "awsvpc",
  "cpu": "256",
  "memory": "512",
  "executionRoleArn": "arn:aws:iam::$ACCOUNT:role/$SERVICE-execution",
  "taskRoleArn": "arn:aws:iam::$ACCOUNT:role/$SERVICE-task",
  "containerDefinitions": [
    {
      "name": "$SERVICE",
      "image": "us-docker.pkg.dev/google-samples/containers/gke/hello-app:1.0",
      "essential": true,
      "portMappings": [{ "containerPort": $PORT }],
      "environment": [{ "name": "PORT", "value": "$PORT" }],
      "logConfiguration": {
        "logDriver": "awslogs",
        "options": {
          "awslogs-group": "/ecs/$SERVICE-$ENVIRONMENT",
          "awslogs-region": "$AWS_REGION",
          "awslogs-stream-prefix": "ecs"
        }
      }
    }
  ]
}
END
)
aws ecs register-task-definition --cli-input-json "$TASK_DEFINITION"
aws ecs create-service --cluster "$ENVIRONMENT" --service-name "$SERVICE" --launch-type FARGATE \
  --task-definition "$SERVICE-$ENVIRONMENT" --desired-count 2 --health-check-grace-period-seconds 60 \
  --network-configuration "awsvpcConfiguration={subnets=[$(IFS=,; echo "${SUBNETS[*]}")],securityGroups=[$TASK_GROUP],assignPublicIp=ENABLED}" \
  --load-balancers "targetGroupArn=$TARGET_GROUP,containerName=$SERVICE,containerPort=$PORT"
aws ecs wait services-stable --cluster "$ENVIRONMENT" --services "$SERVICE"
} # step_6

step_7() { # 7. Create the role that GitHub assumes
TRUST=$(cat << END
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": { "Federated": "arn:aws:iam::$ACCOUNT:oidc-provider/token.actions.githubusercontent.com" },
      "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {
        "StringEquals": {
          "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
          "token.actions.githubusercontent.com:sub": "$SUBJECT"
        }
      }
    }
  ]
}
END
)
aws iam create-role --role-name "deploy-$ENVIRONMENT" --assume-role-policy-document "$TRUST"
POLICY=$(cat << END
{
  "Version": "2012-10-17",
  "Statement": [
    { "Sid": "EcrLogin", "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*" },
    {
      "Sid": "EcrPush",
      "Effect": "Allow",
      "Action": [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart"
      ],
      "Resource": "arn:aws:ecr:$AWS_REGION:$ACCOUNT:repository/$ECR_REPOSITORY"
    },
    {
      "Sid": "TaskDefinition",
      "Effect": "Allow",
      "Action": ["ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"],
      "Resource": "*"
    },
    {
      "Sid": "TaskDefinitionTags",
      "Effect": "Allow",
      "Action": "ecs:TagResource",
      "Resource": "arn:aws:ecs:$AWS_REGION:$ACCOUNT:task-definition/$SERVICE-$ENVIRONMENT:*",
      "Condition": { "StringEquals": { "ecs:CreateAction": "RegisterTaskDefinition" } }
    },
    {
      "Sid": "Service",
      "Effect": "Allow",
      "Action": ["ecs:DescribeServices", "ecs:UpdateService", "ecs:ListServiceDeployments"],
      "Resource": "arn:aws:ecs:$AWS_REGION:$ACCOUNT:service/$ENVIRONMENT/$SERVICE"
    },
    {
      "Sid": "OneAtATime",
      "Effect": "Allow",
      "Action": ["ecs:TagResource", "ecs:UntagResource"],
      "Resource": "arn:aws:ecs:$AWS_REGION:$ACCOUNT:service/$ENVIRONMENT/$SERVICE",
      "Condition": { "ForAllValues:StringLike": { "aws:TagKeys": "deploy-agent/*" } }
    },
    {
      "Sid": "Deployments",
      "Effect": "Allow",
      "Action": ["ecs:DescribeServiceDeployments", "ecs:StopServiceDeployment"],
      "Resource": [
        "arn:aws:ecs:$AWS_REGION:$ACCOUNT:service/$ENVIRONMENT/$SERVICE",
        "arn:aws:ecs:$AWS_REGION:$ACCOUNT:service-deployment/$ENVIRONMENT/$SERVICE/*"
      ]
    },
    {
      "Sid": "Revisions",
      "Effect": "Allow",
      "Action": "ecs:DescribeServiceRevisions",
      "Resource": [
        "arn:aws:ecs:$AWS_REGION:$ACCOUNT:service/$ENVIRONMENT/$SERVICE",
        "arn:aws:ecs:$AWS_REGION:$ACCOUNT:service-revision/$ENVIRONMENT/$SERVICE/*"
      ]
    },
    {
      "Sid": "WhyATaskStopped",
      "Effect": "Allow",
      "Action": ["ecs:ListTasks", "ecs:DescribeTasks", "ecs:GetTaskProtection"],
      "Resource": "*",
      "Condition": { "ArnEquals": { "ecs:cluster": "arn:aws:ecs:$AWS_REGION:$ACCOUNT:cluster/$ENVIRONMENT" } }
    },
    {
      "Sid": "WhatItPrinted",
      "Effect": "Allow",
      "Action": "logs:GetLogEvents",
      "Resource": "arn:aws:logs:$AWS_REGION:$ACCOUNT:log-group:/ecs/$SERVICE-$ENVIRONMENT:log-stream:*"
    },
    {
      "Sid": "WhereItAnswers",
      "Effect": "Allow",
      "Action": [
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth"
      ],
      "Resource": "*"
    },
    {
      "Sid": "PassRoles",
      "Effect": "Allow",
      "Action": "iam:PassRole",
      "Resource": ["arn:aws:iam::$ACCOUNT:role/$SERVICE-task", "arn:aws:iam::$ACCOUNT:role/$SERVICE-execution"],
      "Condition": { "StringEquals": { "iam:PassedToService": "ecs-tasks.amazonaws.com" } }
    }
  ]
}
END
)
aws iam put-role-policy --role-name "deploy-$ENVIRONMENT" --policy-name deploy-agent --policy-document "$POLICY"
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
gh variable set AWS_ACCOUNT --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$ACCOUNT"
gh variable set AWS_REGION --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$AWS_REGION"
gh variable set AWS_ROLE --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "arn:aws:iam::$ACCOUNT:role/deploy-$ENVIRONMENT"
gh variable set ECS_CLUSTER --repo "$REPOSITORY" --env "$ENVIRONMENT" --body "$ENVIRONMENT"
} # step_8

step_9() { # 9. Delete the environment
gh api --method DELETE "repos/$REPOSITORY/environments/$ENVIRONMENT"
aws iam delete-role-policy --role-name "deploy-$ENVIRONMENT" --policy-name deploy-agent
aws iam delete-role --role-name "deploy-$ENVIRONMENT"
aws ecs delete-service --cluster "$ENVIRONMENT" --service "$SERVICE" --force
aws ecs wait services-inactive --cluster "$ENVIRONMENT" --services "$SERVICE"
BALANCER=$(aws elbv2 describe-load-balancers --names "$SERVICE-$ENVIRONMENT" \
  --query 'LoadBalancers[0].LoadBalancerArn' --output text)
aws elbv2 delete-load-balancer --load-balancer-arn "$BALANCER"
aws elbv2 wait load-balancers-deleted --load-balancer-arns "$BALANCER"
TARGET_GROUP=$(aws elbv2 describe-target-groups --names "$SERVICE-$ENVIRONMENT" \
  --query 'TargetGroups[0].TargetGroupArn' --output text)
aws elbv2 delete-target-group --target-group-arn "$TARGET_GROUP"
for NAME in tasks balancer; do
  GROUP=$(aws ec2 describe-security-groups --query 'SecurityGroups[0].GroupId' --output text \
    --filters "Name=group-name,Values=$SERVICE-$ENVIRONMENT-$NAME" "Name=vpc-id,Values=$VPC")
  aws ec2 delete-security-group --group-id "$GROUP"
done
for REVISION in $(aws ecs list-task-definitions --family-prefix "$SERVICE-$ENVIRONMENT" \
  --query 'taskDefinitionArns[]' --output text); do
  aws ecs deregister-task-definition --task-definition "$REVISION"
done
aws ecs delete-cluster --cluster "$ENVIRONMENT"
aws logs delete-log-group --log-group-name "/ecs/$SERVICE-$ENVIRONMENT"
} # step_9

step_10() { # 10. Delete what the environments shared
aws ecr delete-repository --repository-name "$ECR_REPOSITORY" --force
aws iam detach-role-policy --role-name "$SERVICE-execution" \
  --policy-arn arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy
aws iam delete-role --role-name "$SERVICE-execution"
aws iam delete-role --role-name "$SERVICE-task"
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
