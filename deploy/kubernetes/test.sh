#!/usr/bin/env bash
# Checks the Helm chart: deploy/kubernetes/test.sh [--all]
# helm lint and helm template with the values of ci/, what must be refused, and the rules that arrive, by promtool: one file of the
# alerts' tests against them, with --all every one (a minute). Without helm only what needs none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly CHART=rmm-exporter
# What a helm that was not built by its makers takes Kubernetes for is too old.
readonly KUBERNETES=1.31.0

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# The chart is of this version of the program, and has its rules and dashboards.
version=$(sed -n 's/^version = "\(.*\)"/\1/p' ../../Cargo.toml | head -n 1)
grep -qx "appVersion: \"$version\"" "$CHART/Chart.yaml" || fail "appVersion in Chart.yaml is not $version"
for file in alerts/rmm-alerts.yml alerts/rmm-recording.yml dashboards/rmm-fleet.json; do
    [[ -f $CHART/$file ]] || fail "$CHART/$file is missing: alerts and dashboards are symbolic links"
done

if ! command -v helm >/dev/null 2>&1; then
    echo "skipped: helm is not installed: https://helm.sh/docs/intro/install/"
    exit 0
fi

folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

# quiet COMMAND…: shows what it says only when it fails. helm tells of each symbolic link that it follows.
quiet() { "$@" >"$folder/output" 2>&1 || { cat "$folder/output" >&2 && fail "$*"; }; }

# template OPTION…: what would be installed.
template() {
    helm template test "$CHART" --namespace rmm --kube-version "$KUBERNETES" "$@" 2>"$folder/errors" ||
        { cat "$folder/errors" >&2 && fail "helm template $*"; }
}

# refused WHAT OPTION…: must fail, and say WHAT.
refused() {
    local what=$1
    shift
    ! helm template test "$CHART" --kube-version "$KUBERNETES" "$@" >/dev/null 2>"$folder/errors" || fail "not refused: $*"
    grep -qF -- "$what" "$folder/errors" || { cat "$folder/errors" >&2 && fail "refused for another reason: $*"; }
}

# contains TEXT FILE
contains() { grep -qF -- "$1" "$2" || fail "$2 has no: $1"; }

quiet helm lint --strict "$CHART"
for values in "$CHART"/ci/*-values.yaml; do
    quiet helm lint --strict "$CHART" --values "$values"
    output=$folder/$(basename "$values")
    template --values "$values" >"$output"
    for text in "replicas: 1" "type: Recreate" "runAsNonRoot: true" "readOnlyRootFilesystem: true" "automountServiceAccountToken: false"; do
        contains "$text" "$output"
    done
    [[ $(grep -c "/-/ready" "$output") -eq 0 ]] || fail "$values: a probe asks /-/ready"
    echo "$(basename "$values"): $(grep -c '^kind:' "$output") manifests"
done
contains "max_series: 1000000" "$folder/accounts-values.yaml"
contains "emptyDir: {}" "$folder/environment-values.yaml"
contains "path: /-/healthy" "$folder/accounts-values.yaml"
contains "tcpSocket:" "$folder/everything-values.yaml"

demo=(--values "$CHART/ci/demo-values.yaml")
accounts=(--values "$CHART/ci/accounts-values.yaml")
refused "no accounts"
refused "nonsense" "${demo[@]}" --set nonsense=1
refused "replicas" "${demo[@]}" --set replicas=2
refused "no keys in a ConfigMap" "${accounts[@]}" --set 'config.accounts[0].api_key=x'
refused "no keys in a ConfigMap" "${accounts[@]}" --set-json 'config="accounts: [{ name: a, api_key: x }]"'
refused "no password in a ConfigMap" "${accounts[@]}" --set 'config.accounts[0].proxy=http://user:secret@proxy.example.com:3128'
refused "no such key" "${accounts[@]}" --set 'config.accounts[0].api_key_file=/run/secrets/rmm-exporter/other'
refused "has no RMMNothing" "${demo[@]}" --set 'prometheusRule.enabled=true,prometheusRule.disabled={RMMNothing}'
refused "has no rmm:nothing" "${demo[@]}" --set 'prometheusRule.enabled=true,prometheusRule.thresholds.rmm:nothing=1'
echo "refused: what must be"

# Each dashboard arrives byte for byte.
template "${demo[@]}" --set dashboards.enabled=true --show-only templates/dashboards.yaml >"$folder/dashboards"
for dashboard in ../../dashboards/*.json; do
    sed -n "/^  $(basename "$dashboard"): |\$/,/^---\$/p" "$folder/dashboards" | sed '1d; /^---$/d; s/^    //' >"$folder/dashboard"
    cmp "$folder/dashboard" "$dashboard" || fail "$dashboard arrives changed"
done
echo "dashboards: as they are"

# rules OPTION…: what is below `spec:` of both PrometheusRules, as the files that they were made of.
rules() {
    mkdir -p "$folder/alerts"
    rm -f "$folder/alerts"/*.yml
    template "${demo[@]}" --set prometheusRule.enabled=true --show-only templates/prometheusrule.yaml "$@" |
        awk -v folder="$folder/alerts" '
            /^---$/ { file = ""; next }
            /^  name: .*-(alerts|recording)$/ { name = $2; sub(/.*-/, "", name) }
            /^spec:$/ { file = folder "/rmm-" name ".yml"; next }
            file { sub(/^  /, ""); print > file }'
    promtool check rules "$folder/alerts"/*.yml
}

if command -v promtool >/dev/null 2>&1; then
    rules --values "$CHART/ci/everything-values.yaml"
    contains "expr: vector(432000)" "$folder/alerts/rmm-alerts.yml"
    contains 'up{job="fleet"}' "$folder/alerts/rmm-alerts.yml"
    contains "alert: OwnAlert" "$folder/alerts/rmm-alerts.yml"
    contains "https://graphs.example.net/d/" "$folder/alerts/rmm-alerts.yml"
    contains "runbook_url: https://wiki.example.net/rmm/RMMAccountDown.md" "$folder/alerts/rmm-alerts.yml"
    ! grep -q "alert: RMMWorkstationOffline\|grafana.example.com\|/docs/runbooks/" "$folder/alerts/rmm-alerts.yml" || fail "values of prometheusRule are not used"
    rules
    cp -r ../../alerts/tests "$folder/alerts/tests"
    tests=("$folder/alerts/tests/server.yml")
    [[ ${1:-} != --all ]] || tests=("$folder"/alerts/tests/*.yml)
    promtool test rules "${tests[@]}"
else
    echo "rules skipped: promtool is not installed"
fi
