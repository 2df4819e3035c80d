// The page's addresses: which there are, how to go to one, and where the reader is.

import { type MouseEvent, useSyncExternalStore } from "react";

export type Route = { page: "list" } | { page: "post"; id: string } | { page: "unknown" };

export function parseRoute(path: string): Route {
  if (path === "/") return { page: "list" };
  const id = /^\/posts\/([^/]+)$/.exec(path)?.[1];
  return id === undefined ? { page: "unknown" } : postRoute(id);
}

function postRoute(encodedId: string): Route {
  try {
    return { page: "post", id: decodeURIComponent(encodedId) };
  } catch {
    return { page: "unknown" };
  }
}

export const LIST_PATH = "/";

export function postPath(id: string): string {
  return `/posts/${encodeURIComponent(id)}`;
}

const MOVED = "moved";

export function navigate(path: string): void {
  window.history.pushState(null, "", path);
  window.dispatchEvent(new Event(MOVED));
  window.scrollTo(0, 0);
}

/** The path in the address bar, kept up to date. */
export function usePath(): string {
  return useSyncExternalStore(onMove, () => window.location.pathname);
}

function onMove(look: () => void): () => void {
  window.addEventListener("popstate", look);
  window.addEventListener(MOVED, look);
  return () => {
    window.removeEventListener("popstate", look);
    window.removeEventListener(MOVED, look);
  };
}

/** A plain click stays in the page; one that asks for a new tab or window is the browser's. */
export function follow(event: MouseEvent<HTMLAnchorElement>): void {
  const plain =
    event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  if (!plain || event.defaultPrevented) return;
  event.preventDefault();
  navigate(event.currentTarget.pathname);
}
