#!/bin/sh
# Time-limited TURN credentials for one person: credentials.sh NAME [HOURS] < SECRET
# The secret, static-auth-secret of turnserver.conf, is the first line of standard input, so that nobody who lists processes
# reads it: openssl takes no key for an HMAC but on its command line, so the HMAC is put together here (RFC 2104, RFC 3174).
# Prints the user name on the first line and the password on the second.
set -eu
[ $# -ge 1 ] || { echo "usage: credentials.sh NAME [HOURS] < SECRET" >&2; exit 2; }
user="$(($(date +%s) + ${2:-720} * 3600)):$1"
IFS= read -r secret || [ -n "$secret" ] || { echo "the secret is expected on standard input" >&2; exit 2; }
# printf is the shell's own: what it is given stands in no list of processes.
key=$(printf '%s' "$secret" | od -An -v -tu1)
block() {
    length=0
    for byte in $key; do
        printf "\\$(printf %03o $((byte ^ $1)))"
        length=$((length + 1))
    done
    while [ $length -lt 64 ]; do
        printf "\\$(printf %03o "$1")"
        length=$((length + 1))
    done
}
set -- $key
[ $# -ge 1 ] && [ $# -le 64 ] || { echo "a secret has 1 to 64 bytes" >&2; exit 2; }
printf '%s\n' "$user"
{
    block 92
    { block 54; printf '%s' "$user"; } | openssl dgst -sha1 -binary
} | openssl dgst -sha1 -binary | openssl base64
