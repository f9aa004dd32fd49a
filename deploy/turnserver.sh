#!/bin/sh
# Puts the environment into turnserver.conf and becomes coturn.
set -eu
: "${EMOTION_LENS_DOMAIN:?the name of the server}"
: "${EMOTION_LENS_TURN_SECRET:?what app and coturn share: openssl rand -hex 32}"
: "${EMOTION_LENS_TURN_EXTERNAL_IP:?the public address of this machine}"
: "${EMOTION_LENS_APP_IP:?the address of the app, to which coturn may relay}"

umask 077
made=$(mktemp)
eval "cat <<END
$(cat "${TURNSERVER_CONF:-/etc/coturn/turnserver.conf}")
END" > "$made"
exec turnserver -c "$made" "$@"
