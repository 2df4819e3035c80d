#!/bin/sh
# Builds images, from the project's folder: images.sh REGISTRY TAG [NAME...], all of them unless named.
#
# PYTHON_IMAGE, NODE_IMAGE and NGINX_IMAGE replace the base images, BUILDER the program that builds;
# BUILD_OPTIONS are its further options.
set -eu
registry=$1 tag=$2
shift 2
[ $# != 0 ] || set -- posts comments moderation query dead-letters web

find_builder() {
  # docker is often there without the daemon that builds.
  if docker info >/dev/null 2>&1; then echo docker; return; fi
  for name in podman buildah; do
    if command -v $name >/dev/null; then echo $name; return; fi
  done
  echo "images: docker (with its daemon), podman and buildah are missing: install one of them" >&2
  return 1
}

# The date of an image and its files is that of the last change to what it is made of, so that the same
# inputs make the same image. No fixed date: nginx tells one file from another by it.
last_change() {
  if [ -d .git ] && [ -z "$(git status --porcelain -- "$@")" ]; then
    git log -1 --format=%ct -- "$@"
  else
    date +%s
  fi
}

build() { # name, what it is made of, the builder's arguments
  name=$1
  date=${SOURCE_DATE_EPOCH:-$(last_change .dockerignore $2)}
  shift 2
  for base in PYTHON_IMAGE NODE_IMAGE NGINX_IMAGE; do
    eval "image=\${$base-}"
    [ -z "$image" ] || set -- "$@" --build-arg "$base=$image"
  done
  # Cached layers have random names, which their image would tell.
  [ "$builder" = docker ] || set -- --layers=false --timestamp "$date" "$@"
  since=$(date +%s)
  printf 'images: %s with %s ... ' "$registry/$name:$tag" "$builder"
  # shellcheck disable=SC2086 # several options
  SOURCE_DATE_EPOCH=$date "$builder" build --quiet ${BUILD_OPTIONS-} "$@" --tag "$registry/$name:$tag" . >/dev/null
  echo "$(($(date +%s) - since)) s"
}

builder=${BUILDER:-$(find_builder)}
for name in "$@"; do
  case $name in
    web) build web "web LICENSE" --file web/Dockerfile ;;
    *)
      build "$name" "Dockerfile LICENSE requirements/functions.txt eventing functions" \
        --build-arg "FUNCTION=$(echo "$name" | tr - _)"
      ;;
  esac
done
