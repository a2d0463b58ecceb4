#!/usr/bin/env bash
# Everything that must hold before a change goes in: ./test.sh
# Installs what the tests need where it can, runs every check with a summary, and the tests last.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly PYTHON_HOME=target/test-python
readonly PYTHON_PACKAGE=prometheus_client
# Tests start servers and a real Prometheus: most of the time they wait for these, on any machine.
export RUST_TEST_THREADS=4
# The same random cases each time, so that only a change turns it red. CONTRIBUTING.md says how to look for new ones.
export PROPTEST_RNG_SEED=${PROPTEST_RNG_SEED:-1} RMM_SOAK_SEED=${RMM_SOAK_SEED:-1}
# A tool that is missing makes its tests fail instead of being skipped.
export RMM_REQUIRE_TOOLS=1

missing=()
summary=()
failed=0

have() { command -v "$1" >/dev/null 2>&1; }

# apt_install PACKAGE…: true when they are installed afterwards.
apt_install() {
    [[ $(id -u) -eq 0 ]] && have apt-get || return 1
    echo "installing with apt-get: $*"
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
    "${apt[@]}" install -y --no-install-recommends "$@" >/dev/null ||
        { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "$@" >/dev/null; }
}

need_rust() {
    have cargo || { missing+=("cargo: https://rustup.rs"); return; }
    have cc || apt_install gcc libc6-dev || missing+=("a C compiler: apt-get install gcc libc6-dev")
    local component
    for component in rustfmt clippy; do
        cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1 && continue
        { have rustup && rustup component add "$component"; } || missing+=("$component: rustup component add $component")
    done
}

need_prometheus() {
    { have prometheus && have promtool; } || apt_install prometheus ||
        missing+=("prometheus and promtool: apt-get install prometheus, or https://prometheus.io/download/ on the PATH")
    # Debian's name, and everybody else's.
    { { have prometheus-alertmanager || have alertmanager; } && have amtool; } || apt_install prometheus-alertmanager ||
        missing+=("alertmanager and amtool: apt-get install prometheus-alertmanager, or https://prometheus.io/download/ on the PATH")
}

has_package() { "$1" -c "import $PYTHON_PACKAGE.openmetrics.parser" >/dev/null 2>&1; }

# A Python with the strict OpenMetrics parser, first on the PATH and in RMM_PYTHON: one that has it, else one under target/.
need_python() {
    local own=$PWD/$PYTHON_HOME/bin/python3 candidate
    for candidate in "$own" python3; do
        has_package "$candidate" && { use_python "$(command -v "$candidate")"; return; }
    done
    make_python || { apt_install python3 python3-venv && make_python; } || {
        missing+=("Python with $PYTHON_PACKAGE: python3 -m venv $PYTHON_HOME && $PYTHON_HOME/bin/pip install $PYTHON_PACKAGE")
        return
    }
    use_python "$own"
}

use_python() {
    export RMM_PYTHON=$1
    export PATH="${1%/*}:$PATH"
}

make_python() {
    have python3 || return
    echo "installing with pip into $PYTHON_HOME: $PYTHON_PACKAGE"
    python3 -m venv --clear "$PYTHON_HOME" >/dev/null 2>&1 &&
        "$PYTHON_HOME/bin/pip" install --quiet --disable-pip-version-check "$PYTHON_PACKAGE"
}

# step NAME COMMAND…: runs it, says how it went and how long it took. A failed step does not stop the others.
step() {
    local name=$1 start=$SECONDS result=ok
    shift
    printf '\n==> %s\n' "$name"
    "$@" || { result=FAILED; failed=1; }
    record "$result" "$name" "$((SECONDS - start)) s"
}

skip() { printf '\n==> %s\n' "$1"; record skipped "$1" "$2"; }

record() {
    printf '==> %s: %s (%s)\n' "$2" "$1" "$3"
    summary+=("$(printf '%-8s %-22s %s' "$1" "$2" "$3")")
}

# shellcheck disable=SC2317 # called through step
dependencies() {
    local quiet=(cargo deny --log-level error check --hide-inclusion-graph --allow duplicate)
    "${quiet[@]}" bans licenses sources || return
    # The list of known vulnerabilities comes from the network.
    if cargo deny --log-level off fetch db >/dev/null 2>&1; then
        "${quiet[@]}" advisories
    else
        echo "advisories skipped: the advisory database cannot be fetched"
    fi
}

# The program need not be installed for it.
# shellcheck disable=SC2317 # called through step
unit() {
    local folder result=0
    folder=$(mktemp -d)
    sed 's,/usr/bin/rmm-exporter,/bin/true,; /^Documentation=/d' deploy/systemd/rmm-exporter.service >"$folder/rmm-exporter.service"
    # An unknown option is a warning to it.
    ! systemd-analyze verify "$folder/rmm-exporter.service" 2>&1 | grep -F rmm-exporter.service || result=1
    # Ten times the exposure, which is 1.1.
    systemd-analyze security --offline=true --threshold=20 "$folder/rmm-exporter.service" | tail -n 1 || result=1
    rm -r "$folder"
    return "$result"
}

# shellcheck disable=SC2317 # called through step
compose() {
    docker compose -f deploy/compose.yml config --quiet &&
        docker compose -f deploy/compose.yml -f deploy/compose.rmm.yml config --quiet
}

start=$SECONDS
need_rust
need_prometheus
need_python
if ((${#missing[@]})); then
    echo "Missing, and not installed from here:"
    printf '  %s\n' "${missing[@]}"
    exit 1
fi >&2

# All of them use the dev profile, so nothing is compiled twice.
step "format" cargo fmt --check
step "lints" cargo clippy --locked --all-targets -- -D warnings
step "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
step "deploy files" promtool check config deploy/prometheus.yml
if systemd-analyze security --help >/dev/null 2>&1; then
    step "unit" unit
else
    skip "unit" "systemd-analyze is not installed: apt-get install systemd"
fi
if cargo deny --version >/dev/null 2>&1; then
    step "dependencies" dependencies
else
    skip "dependencies" "cargo-deny is not installed: cargo install cargo-deny --locked"
fi
if docker compose version >/dev/null 2>&1; then
    step "compose files" compose
else
    skip "compose files" "Docker Compose is not installed: https://docs.docker.com/compose/install/"
fi
step "Helm chart" deploy/kubernetes/test.sh
have helm || skip "Helm chart, rendered" "helm is not installed: https://helm.sh/docs/intro/install/"
if have shellcheck; then
    step "shell" shellcheck test.sh .ci/run deploy/debian/{build.sh,test.sh,postinst,postrm} deploy/kubernetes/test.sh
else
    skip "shell" "shellcheck is not installed: apt-get install shellcheck"
fi

# Too large to be installed for one test, which is skipped without it.
have chromium || have chromium-browser || have google-chrome ||
    skip "page in Chromium" "chromium is not installed: apt-get install chromium"

printf '\nSummary before the tests, %s s\n' "$((SECONDS - start))"
printf '  %s\n' "${summary[@]}"

# Last, so that the output ends with the tests' own closing lines.
printf '\n==> tests\n'
cargo test --locked --no-fail-fast || failed=1
((failed == 0)) || printf '\nFAILED: see the steps above\n' >&2
exit "$failed"
