#!/bin/sh
# A CA of one's own and a broker's certificate by it: certificate.sh DIR NAME... (NAME: host names and IPv4 addresses)
#
# DIR then holds ca.key (keep it away from the broker), ca.pem, kith.key and kith.pem, which is the broker's certificate and the
# CA's behind it. The last line that is printed goes behind the broker's address, in Kith and in cards: who reads it there
# trusts brokers by this CA and no others. Run it again to renew the broker's certificate: the CA, and so that line, stays.
set -eu
[ $# -ge 2 ] || { echo "usage: certificate.sh DIR NAME..." >&2; exit 2; }
dir=$1 first=$2
shift
names=
for name in "$@"; do
    case $name in *[!0-9.]*) kind=DNS ;; *) kind=IP ;; esac
    names="$names${names:+,}$kind:$name"
done
mkdir -p "$dir"
umask 077
if [ ! -e "$dir/ca.key" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 7300 -subj "/CN=Kith brokers of $first" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
        -keyout "$dir/ca.key" -out "$dir/ca.pem" 2> /dev/null
fi
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -subj "/CN=$first" \
    -keyout "$dir/kith.key" -out "$dir/kith.csr" 2> /dev/null
printf 'subjectAltName=%s\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n' "$names" > "$dir/kith.ext"
openssl x509 -req -sha256 -days 820 -in "$dir/kith.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" \
    -set_serial "0x$(openssl rand -hex 15)" -extfile "$dir/kith.ext" -out "$dir/leaf.pem" 2> /dev/null
cat "$dir/leaf.pem" "$dir/ca.pem" > "$dir/kith.pem"
rm "$dir/kith.csr" "$dir/kith.ext" "$dir/leaf.pem"
chmod 644 "$dir/ca.pem" "$dir/kith.pem"
printf '#sha256=%s\n' "$(openssl x509 -in "$dir/ca.pem" -outform DER | openssl dgst -sha256 -binary | openssl base64 | tr '+/' '-_' | tr -d '=')"
