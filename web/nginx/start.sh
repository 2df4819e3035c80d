#!/bin/sh
# Writes nginx's configuration from the environment and becomes nginx: on a laptop, in a container, in tests.
#
# Must be set:
#   PORT                  where to listen
#   POSTS COMMENTS QUERY  the functions, "host" or "host:port"; also the Host header that they get
#   TRUSTED_PROXIES       addresses and ranges, with spaces between, whose X-Forwarded-For is believed; "" for none
#   WRITE_LIMIT           "on": 10 writes a second and 50 at once for each client address; or "off"
# May be set:
#   SITE_URL              where readers find the page, "https://blog.example": a picture of it has to be named in full
#   ALLOWED_HOSTS         hosts that it answers to besides localhost and that of SITE_URL, with commas or spaces between;
#                         with a port, at that one only. Their pages may write
#   K_SERVICE             set in a cluster, where any Host is answered: probes carry a pod's address
#   STALE                 seconds that a known answer may be given out while it is refreshed; 30 unless set, 0 for never
#   HOST                  the address to listen on; any unless set
#   ALSO                  one more address to listen on, at the same port, as "[::1]"
#   RESOLVER              the DNS servers that are asked for the functions' names again and again, "address" or
#                         "address:port"; those of /etc/resolv.conf unless set; "none" where addresses are given
#   READ_TIMEOUT          how long a function may be silent before the answer is 504; 60s unless set
#   STATE                 the folder to write to; /tmp/ingress unless set
#   STATIC                the built page; `dist` beside this file's folder unless set
#   NGINX_BINARY          the program, 1.27.3 or newer unless RESOLVER is none; from the path unless set
set -eu

here=$(cd "$(dirname "$0")" && pwd)
: "${SITE_URL=}" "${ALLOWED_HOSTS=}" "${STALE=30}" "${HOST=0.0.0.0}" "${ALSO=}" "${READ_TIMEOUT=60s}"
: "${STATE=/tmp/ingress}" "${STATIC=$here/../dist}" "${NGINX_BINARY=nginx}"
line_feed='
'

fail() {
  echo "ingress: $1" >&2
  exit 78 # EX_CONFIG
}

# Prints the value of the variable named $1; fails unless nginx and sed take it for plain text.
value() {
  eval "[ -n \"\${$1+set}\" ]" || fail "$1 is not set"
  eval "text=\$$1"
  case $text in
    *[\''"$;{}|&\']* | *"$line_feed"*)
      fail "$1 is <$text>, where quotes, \$, ;, |, &, \\, braces and line feeds would mean something else"
      ;;
  esac
  printf %s "$text"
}

name_servers() {
  while read -r word address _; do
    case $word/$address in
      nameserver/*:*) printf '[%s] ' "$address" ;;
      nameserver/*) printf '%s ' "$address" ;;
    esac
  done </etc/resolv.conf
}

: "${RESOLVER=$(name_servers)}"
asked=$(value RESOLVER)
case $asked in
  none)
    # gunicorn closes an idle connection after 2 s. nginx must do so first, else it may send a POST,
    # which it cannot send twice, into a connection that is just being closed, and answer 502.
    resolver='' options='max_fails=0' idle=1s
    ;;
  *[!\ ]*)
    resolver="resolver $asked; resolver_timeout 5s;"
    options='max_fails=0 resolve; server unix:unresolved.sock backup' idle=60s
    ;;
  *) fail "RESOLVER is not set, and /etc/resolv.conf names no server" ;;
esac

ranges=$(value TRUSTED_PROXIES)
proxies=
for range in $ranges; do
  proxies="$proxies set_real_ip_from $range;"
done

limit=$(value WRITE_LIMIT)
case $limit in
  on | off) ;;
  *) fail "WRITE_LIMIT is <$limit>: it may be on or off" ;;
esac

also=$(value ALSO)
[ -z "$also" ] || also="listen $also:$(value PORT);"

stale=$(value STALE)
case $stale in
  0) refreshed='' ;;
  *[!0-9]* | '' | ?????*) fail "STALE is <$stale>: it may be a number of seconds" ;;
  *) refreshed=", stale-while-revalidate=$stale" ;;
esac

edits="s|[$]{ALSO}|$also|g
s|[$]{RESOLVER}|$resolver|g
s|[$]{OPTIONS}|$options|g
s|[$]{IDLE}|$idle|g
s|[$]{TRUSTED}|$proxies|g
s|[$]{STALE}|$stale|g
s|[$]{WHILE_REFRESHED}|$refreshed|g
"
for name in PORT HOST POSTS COMMENTS QUERY READ_TIMEOUT STATIC WRITE_LIMIT; do
  edits="${edits}s|[$]{$name}|$(value $name)|g$line_feed"
done

# Prints the host $2 as a regular expression, with any port unless it names one; $1 is where it stands.
host_pattern() {
  printf %s "$2" | grep -Eq '^([[][0-9A-Fa-f:.]+[]]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$' ||
    fail "$1 has <$2>: name hosts as in blog.example or box:8080, without a scheme or a path"
  case ${2##*]} in
    *:*) any= ;;
    *) any='(?::[0-9]{1,5})?' ;;
  esac
  printf '%s%s' "$(printf %s "$2" | sed 's/[].[]/\\&/g')" "$any"
}

answered='' trusted='' # lines of two maps
answer() {
  answered="$answered\"~*^$1\z\" \"\";$line_feed"
}
trust() {
  trusted="$trusted\"~*^$1\z\" \"\";$line_feed"
}

set -f
hosts=$(value ALLOWED_HOSTS)
allowed=$(printf %s "$hosts" | tr , ' ')
for host in localhost 127.0.0.1 '[::1]' $allowed; do
  pattern=$(host_pattern ALLOWED_HOSTS "$host")
  answer "$pattern"
done
for host in $allowed; do
  pattern=$(host_pattern ALLOWED_HOSTS "$host")
  trust "https?://$pattern"
done
set +f

site=$(value SITE_URL)
authority=${site#*://}
authority=${authority%%[/?#]*}
case $site in
  '') ;;
  http://* | https://*)
    pattern=$(host_pattern SITE_URL "$(printf %s "$authority" | sed 's/:[0-9]*$//')")
    answer "$pattern"
    case $site in
      https:*) pattern=$(host_pattern SITE_URL "${authority%:443}") ;;
      *) pattern=$(host_pattern SITE_URL "${authority%:80}") ;;
    esac
    trust "${site%%:*}://${pattern%'(?::[0-9]{1,5})?'}"
    ;;
  *) fail "SITE_URL is <$site>: write it whole, as in https://blog.example" ;;
esac
[ -z "${K_SERVICE-}" ] || answered='"~^" ""; "" "";' # the empty text matches no expression

mkdir -p "$STATE/page"
cd "$STATE"    # sockets have relative names: a long path does not fit into their addresses
rm -f ./*.sock # left by an nginx that was killed, they would keep this one from listening
cp "$here"/*.conf .
for template in "$here"/*.template; do
  file=${template##*/}
  sed "$edits" "$template" >"${file%.template}"
done
printf %s "$answered" >answered.map
printf %s "$trusted" >trusted.map
sed "s|content=\"/card.png\"|content=\"${site%/}/card.png\"|" "$STATIC/index.html" >page/index.html
touch -r "$STATIC/index.html" page/index.html # every copy of the ingress gives it the same ETag

# Relative: a $ in the name of a folder above would be read as a variable.
set -- -e stderr -p ./ -c nginx.conf
# Started by root, nginx would change to `nobody`, who may not read a folder of root's.
[ "$(id -u)" != 0 ] || set -- "$@" -g "user $(id -un) $(id -gn);"
exec "$NGINX_BINARY" "$@"
