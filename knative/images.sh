#!/bin/sh
# Builds the image of each function and of web: images.sh REGISTRY TAG, from the project's folder.
# PYTHON_IMAGE, NODE_IMAGE and NGINX_IMAGE replace the base images, BUILDER the program that builds.
set -eu
registry=$1 tag=$2

builder() {
  for name in docker podman buildah; do
    # docker is often there without the daemon that would build.
    case $name in docker) docker info >/dev/null 2>&1 ;; *) command -v $name >/dev/null ;; esac && echo $name && return
  done
  echo "images: none of docker (with its daemon), podman and buildah is here; install one" >&2
  return 1
}

# The date in an image, and of its files, is that of the last change to what it is made of, so that
# the same inputs make the same image. nginx tells files apart by date: it may not stand still.
changed() {
  if [ -z "$(git status --porcelain -- "$@" 2>/dev/null || echo '?')" ]; then git log -1 --format=%ct -- "$@"; else date +%s; fi
}

build() { # image, its inputs, then the builder's arguments
  name=$1 date=$(changed $2)
  shift 2
  started=$(date +%s)
  for base in PYTHON_IMAGE NODE_IMAGE NGINX_IMAGE; do
    eval "[ -z \"\${$base-}\" ] || set -- \"\$@\" --build-arg $base=\"\$$base\""
  done
  printf 'images: %s with %s ...' "$registry/$name:$tag" "$builder"
  case $builder in
    docker) SOURCE_DATE_EPOCH=$date docker build --quiet "$@" --tag "$registry/$name:$tag" . ;;
    *) "$builder" build --quiet --layers --timestamp "$date" ${BUILD_OPTIONS-} "$@" --tag "$registry/$name:$tag" . ;;
  esac >/dev/null
  echo " $(($(date +%s) - started)) s"
}

builder=${BUILDER:-$(builder)}
for function in posts comments moderation query dead_letters; do
  build "$(echo $function | tr _ -)" "Dockerfile .dockerignore requirements/functions.txt eventing functions" \
    --build-arg FUNCTION=$function
done
build web "web .dockerignore" --file web/Dockerfile
