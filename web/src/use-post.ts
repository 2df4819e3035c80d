// One post as the reader may see it: from the read model, or from this browser while it is on its way.

import { useCallback, useEffect, useState } from "react";
import type { Post, WrittenPost } from "./api";
import { type ApiError, isAbsent, isApiError } from "./errors";
import { unread } from "./merge";
import { follow, type Sight } from "./poll";
import { type Services, useServices } from "./services";

export type PostState =
  | { phase: "loading" }
  /** `awaited` is the version that the read model does not show yet; null when it shows the latest. */
  | { phase: "shown"; post: Post; awaited: number | null }
  | { phase: "absent" }
  | { phase: "failed"; error: ApiError };

export interface PostView {
  state: PostState;
  again: () => void;
  written: (post: WrittenPost) => void;
  arrived: (post: Post) => void;
}

interface Found {
  state: PostState;
  sight: Sight;
}

export function usePost(id: string): PostView {
  const services = useServices();
  const [state, setState] = useState<PostState>({ phase: "loading" });
  const [round, setRound] = useState(0);

  useEffect(() => {
    const stop = new AbortController();
    void follow(async () => {
      const found = await look(services, id);
      if (!stop.signal.aborted) setState((before) => replaced(before, found.state));
      return found.sight;
    }, stop.signal);
    return () => {
      stop.abort();
    };
  }, [services, id, round]);

  const again = useCallback(() => {
    setState({ phase: "loading" });
    setRound((before) => before + 1);
  }, []);

  const written = useCallback(
    (post: WrittenPost) => {
      services.own.posts.put(post);
      setState((before) => onItsWay(post, before.phase === "shown" ? before.post : undefined));
    },
    [services],
  );

  const arrived = useCallback(
    (post: Post) => {
      services.own.posts.drop(post.id);
      setState({ phase: "shown", post, awaited: null });
    },
    [services],
  );

  return { state, again, written, arrived };
}

/** A service that goes away takes nothing from the page that is being read. */
function replaced(before: PostState, found: PostState): PostState {
  return found.phase === "failed" && before.phase === "shown" ? before : found;
}

async function look({ api, own }: Services, id: string): Promise<Found> {
  if (own.deleted.find(id)) return { state: { phase: "absent" }, sight: "fresh" };
  try {
    const { value, stale } = await api.getPost(id);
    return { state: withOwn(value, own.posts), sight: stale ? "stale" : "fresh" };
  } catch (error) {
    if (!isApiError(error)) throw error;
    return withoutAnswer(error, own.posts.find(id));
  }
}

function withOwn(read: Post, posts: Services["own"]["posts"]): PostState {
  const mine = posts.find(read.id);
  if (mine !== undefined && mine.version > read.version) return onItsWay(mine, read);
  posts.drop(read.id);
  return { phase: "shown", post: read, awaited: null };
}

function onItsWay(post: WrittenPost, read?: Post): PostState {
  return { phase: "shown", post: unread(post, read), awaited: post.version };
}

/** What to show when the read model gave no post, and `own` is this browser's copy, if it has one. */
export function withoutAnswer(error: ApiError, own: WrittenPost | undefined): Found {
  const sight = isAbsent(error) ? "fresh" : "nothing";
  if (own !== undefined) return { state: onItsWay(own), sight };
  if (isAbsent(error)) return { state: { phase: "absent" }, sight };
  return { state: { phase: "failed", error }, sight };
}
