#!/bin/sh
# Adds a member: member.sh FILE NAME, the password on standard input. FILE is the dynamic-security.json of a broker that is
# stopped (a running one writes over it). It needs mosquitto_passwd, which comes with Mosquitto.
#
# This way no administrator logs in over the network, and the broker's own $CONTROL topics stay closed to everybody.
set -eu
[ $# -eq 2 ] || { echo "usage: member.sh FILE NAME < PASSWORD" >&2; exit 2; }
file=$1 name=$2
case $name in '' | *[!A-Za-z0-9._-]*) echo "a name has letters, digits and . _ - only" >&2; exit 2 ;; esac
grep -q "\"username\":[[:space:]]*\"$name\"" "$file" && { echo "$name is there already" >&2; exit 1; }
IFS= read -r password || [ -n "$password" ]
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT
# $7$ROUNDS$SALT$HASH: PBKDF2 with SHA-512, the plugin's own form.
(umask 077 && printf '%s:%s\n' "$name" "$password" > "$kept/hash")
mosquitto_passwd -U "$kept/hash"
hash=$(cut -d: -f2- "$kept/hash")
rounds=$(printf '%s' "$hash" | cut -d'$' -f3) salt=$(printf '%s' "$hash" | cut -d'$' -f4)
secret=$(printf '%s' "$hash" | cut -d'$' -f5)
[ -n "$secret" ] || { echo "mosquitto_passwd made no hash" >&2; exit 1; }
# Into the list of clients, with the member's role.
awk -v client="{\"username\": \"$name\", \"password\": \"$secret\", \"salt\": \"$salt\", \"iterations\": $rounds, \"roles\": [{\"rolename\": \"member\"}]}" '
    !done && /"clients":[[:space:]]*\[/ {
        at = match($0, /\[/); head = substr($0, 1, at); rest = substr($0, at + 1)
        if (rest !~ /\]/) { getline after; rest = rest "\n" after }
        printf "%s%s%s%s\n", head, client, (rest ~ /^[[:space:]]*\]/ ? "" : ","), rest; done = 1; next
    }
    { print }
    END { exit !done }' "$file" > "$kept/new"
cat "$kept/new" > "$file"
