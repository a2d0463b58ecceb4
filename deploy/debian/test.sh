#!/usr/bin/env bash
# Builds the Debian package, really installs it, tries what it brought, upgrades, removes and purges it: deploy/debian/test.sh
# For root on a Debian (a container) that has no rmm-exporter of its own. The first fault ends it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly NAME=rmm-exporter
readonly UNIT=/usr/lib/systemd/system/$NAME.service
readonly CONFIG=/etc/$NAME/$NAME.yml
readonly LISTEN=--web.listen-address=127.0.0.1:10767
children=()

say() { printf '==> %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# shellcheck disable=SC2317 # called through trap
clean() {
    ((${#children[@]} == 0)) || kill "${children[@]}" 2>/dev/null || true
    dpkg --purge "$NAME" >/dev/null 2>&1 || true
    rm -rf "$work"
}

# As the unit runs it, as far as that goes without systemd: nobody's rights, its directory, its environment.
readonly as_service=(setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs --bounding-set=-all
    env -i "--chdir=/etc/$NAME" "STATE_DIRECTORY=/var/lib/$NAME")

# contains FILE TEXT
contains() { grep -qF -- "$2" "$1" || { cat "$1" >&2; fail "$1 does not say: $2"; }; }

# until_true SECONDS COMMAND…
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || fail "not in time: $*"
        sleep 0.2
    done
}

((EUID == 0)) || fail "it installs a package: run it as root"
for tool in dpkg cargo-deb setpriv; do have "$tool" || fail "$tool is missing"; done
for path in /etc/$NAME /var/lib/$NAME /var/lib/private/$NAME /usr/bin/$NAME; do
    [[ ! -e $path ]] || fail "$path is there already, and would be lost"
done

say build
package=$(deploy/debian/build.sh "$@" | tail -n 1)
[[ -f $package ]] || fail "no package: $package"
work=$(mktemp -d)
trap clean EXIT

if have lintian; then
    say lintian
    # It is no upload to Debian, which would answer a request there.
    lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$package"
else
    say "lintian is not installed: skipped"
fi

say install
dpkg -i "$package" | tee "$work/install"
contains "$work/install" "polls nothing yet"
dpkg -V "$NAME"
dpkg -L "$NAME" >"$work/files"
for path in /usr/bin/$NAME "$UNIT" "$CONFIG" /etc/default/$NAME /usr/share/man/man1/$NAME.1.gz \
    /usr/share/bash-completion/completions/$NAME /usr/share/zsh/vendor-completions/_$NAME \
    /usr/share/fish/vendor_completions.d/$NAME.fish /usr/share/doc/$NAME/{copyright,changelog.gz,changelog.Debian.gz}; do
    contains "$work/files" "$path"
done
find alerts dashboards -path alerts/tests -prune -o -type f -print | while read -r path; do
    contains "$work/files" "/usr/share/$NAME/$path"
done
! grep -F "/alerts/tests" "$work/files" || fail "tests are packed"
printf '%s\n' "$CONFIG" /etc/default/$NAME | sort >"$work/conffiles"
dpkg-query -W -f '${Conffiles}\n' "$NAME" | awk 'NF { print $1 }' | sort | diff "$work/conffiles" -
[[ $(stat -c '%a %U' /etc/$NAME/keys) == "700 root" ]] || fail "keys are not root's alone"
[[ ! -e /etc/systemd/system/multi-user.target.wants/$NAME.service ]] || fail "it is enabled"

say documents
# dpkg may be told to leave documents out, so they are taken from the package itself.
dpkg-deb -x "$package" "$work/root"
find "$work/root/usr/share/doc/$NAME" -name '*.md' >"$work/documents"
links=0
while read -r document; do
    while read -r link; do
        case $link in
            http*) continue ;;
            /*) target=$work/root$link ;;
            *) target=$(dirname "$document")/$link ;;
        esac
        [[ -e $target ]] || fail "${document#"$work/root"} links to $link, which is not packed"
        links=$((links + 1))
    done < <(grep -oE '\]\([^)#]+' "$document" | cut -c 3-)
done <"$work/documents"
((links > 200)) || fail "only $links links: is the search right?"
[[ -f $work/root/usr/share/doc/$NAME/docs/runbooks/RMMAccountDown.md ]] || fail "runbooks are not packed"

say program
$NAME --version | tee "$work/version"
contains "$work/version" "$(dpkg-query -W -f '${source:Upstream-Version}' "$NAME")"
bash -n /usr/share/bash-completion/completions/$NAME
if have man && [[ -f /usr/share/man/man1/$NAME.1.gz ]]; then
    LC_ALL=C.UTF-8 man --warnings -l /usr/share/man/man1/$NAME.1.gz >"$work/man" 2>"$work/warnings"
    [[ ! -s $work/warnings ]] || fail "$(cat "$work/warnings")"
    contains "$work/man" check-config
fi
! (cd /etc/$NAME && $NAME check-config) 2>"$work/check" || fail "a package that is not configured would poll"
contains "$work/check" "names no account"
if have systemd-analyze; then
    # An unknown option is a warning to it.
    ! systemd-analyze verify "$UNIT" 2>&1 | grep -F "$NAME.service" || fail "the unit has faults"
    systemd-analyze security --offline=true --threshold=20 "$UNIT" | tail -n 1
fi

say "serve as the unit does"
install -d -m 0700 -o nobody -g nogroup /var/lib/$NAME "$work/demo"
chmod 0755 "$work"
"${as_service[@]}" /usr/bin/$NAME demo --devices=12 --web.listen-address=127.0.0.1:0 --write-config="$work/demo/demo.yml" >/dev/null 2>&1 &
children+=($!)
until_true 30 grep -q nsight "$work/demo/demo.yml"
cp "$work/demo/demo.yml" "$CONFIG"
chmod 0644 "$CONFIG"
sed -n "s,^ExecStart=/usr/bin/$NAME \(.*\) \$ARGS,\1,p" "$UNIT" | tr ' ' '\n' >"$work/flags"
mapfile -t flags <"$work/flags"
contains "$work/flags" --state.dir
"${as_service[@]}" /usr/bin/$NAME "${flags[@]}" $LISTEN 2>"$work/log" &
children+=($!)
until_true 60 "${as_service[@]}" /usr/bin/$NAME healthcheck $LISTEN
[[ -n $(find /var/lib/$NAME -type f -size +0 -print -quit) ]] || fail "no state was kept"
kill -HUP "${children[1]}"
until_true 10 grep -q reload "$work/log"
kill "${children[@]}"
wait "${children[1]}" || fail "it did not end well: $(cat "$work/log")"
children=()

say upgrade
dpkg --force-confold -i "$package" >/dev/null
cmp "$work/demo/demo.yml" "$CONFIG"
echo secret >/etc/$NAME/keys/nsight

say remove
dpkg -r "$NAME" >/dev/null
[[ -f $CONFIG && -f /etc/$NAME/keys/nsight && -d /var/lib/$NAME && ! -e /usr/bin/$NAME ]] || fail "remove took too much or too little"

say purge
dpkg --purge "$NAME" >/dev/null
find /etc /var /usr \( -path /var/cache -o -path /var/lib/dpkg -o -path /usr/local \) -prune -o -name "*$NAME*" -print >"$work/left" 2>/dev/null || true
[[ ! -s $work/left ]] || fail "left behind: $(cat "$work/left")"
say "passed: $package"
