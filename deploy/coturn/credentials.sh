#!/bin/sh
# Time-limited TURN credentials for one person: credentials.sh SECRET NAME [HOURS]
# SECRET is static-auth-secret of turnserver.conf. Prints the user name on the first line and the password on the second.
set -eu
[ $# -ge 2 ] || { echo "usage: credentials.sh SECRET NAME [HOURS]" >&2; exit 2; }
user="$(($(date +%s) + ${3:-720} * 3600)):$2"
printf '%s\n' "$user"
printf '%s' "$user" | openssl dgst -sha1 -hmac "$1" -binary | openssl base64
