// The list of posts: its pages as read, and what this browser has written since.

import { useCallback, useState } from "react";
import type { ListedPost, Post, PostsPage, WrittenPost } from "./api";
import { type ApiError, isApiError } from "./errors";
import { joinPosts, newestFirst, withOwnPosts } from "./merge";
import type { Deletion } from "./own";
import type { Sight } from "./poll";
import { useServices } from "./services";

export interface PostList {
  /** Null until the first page has come. */
  posts: ListedPost[] | null;
  /** Own posts that the read model does not show yet as they were last written. */
  onTheirWay: WrittenPost[];
  /** Deletions that the read model has not heard of yet. */
  goingAway: Deletion[];
  /** The cursor of the page after the oldest one loaded. */
  next: string | null;
  error: ApiError | null;
  olderError: ApiError | null;
  /** Reads the first page. */
  refresh: () => Promise<Sight>;
  older: (cursor: string) => Promise<void>;
  add: (post: WrittenPost) => void;
  arrived: (post: Post) => void;
  wentAway: (id: string) => void;
}

interface Read {
  posts: ListedPost[];
  next: string | null;
  /** Whether pages after the first are in `posts`: then a fresh first page joins, else it replaces. */
  deep: boolean;
}

export function usePosts(): PostList {
  const { api, own } = useServices();
  const [read, setRead] = useState<Read | null>(null);
  const [mine, setMine] = useState(() => ({ posts: own.posts.all(), deleted: own.deleted.all() }));
  /** Own posts that were read one by one, while the list may be given out stale without them. */
  const [seen, setSeen] = useState<Post[]>([]);
  const [error, setError] = useState<ApiError | null>(null);
  const [olderError, setOlderError] = useState<ApiError | null>(null);

  const lookAtOwn = useCallback(() => {
    setMine({ posts: own.posts.all(), deleted: own.deleted.all() });
  }, [own]);

  const refresh = useCallback(async () => {
    lookAtOwn();
    const page = await reported(setError, () => api.listPosts());
    if (page === null) return "nothing";
    setRead((before) => withFirstPage(before, page.value));
    if (!page.stale) setSeen([]);
    return page.stale ? "stale" : "fresh";
  }, [api, lookAtOwn]);

  const older = useCallback(
    async (cursor: string) => {
      const page = await reported(setOlderError, () => api.listPosts(cursor));
      if (page !== null) setRead((before) => withOlderPage(before, page.value));
    },
    [api],
  );

  const add = useCallback(
    (post: WrittenPost) => {
      own.posts.put(post);
      lookAtOwn();
    },
    [own, lookAtOwn],
  );

  const arrived = useCallback(
    (post: Post) => {
      own.posts.drop(post.id);
      lookAtOwn();
      setSeen((before) => [...before, post]);
      void refresh();
    },
    [own, lookAtOwn, refresh],
  );

  const wentAway = useCallback(
    (id: string) => {
      own.deleted.put({ id, settled: true });
      lookAtOwn();
    },
    [own, lookAtOwn],
  );

  const deleted = new Set(mine.deleted.map(({ id }) => id));
  return {
    posts: read && withOwnPosts(read.posts, [...seen, ...mine.posts], deleted),
    onTheirWay: mine.posts.filter(({ id }) => !deleted.has(id)),
    goingAway: mine.deleted.filter(({ settled }) => !settled),
    next: read?.next ?? null,
    ...{ error, olderError, refresh, older, add, arrived, wentAway },
  };
}

function withFirstPage(before: Read | null, page: PostsPage): Read {
  if (!before?.deep) return { posts: page.posts, next: page.next, deep: false };
  // What is newer than the page's end and not on it has been deleted.
  const end = page.posts.at(-1);
  const further = before.posts.filter((post) => end && newestFirst(post, end) > 0);
  return { ...before, posts: joinPosts(further, page.posts) };
}

function withOlderPage(before: Read | null, page: PostsPage): Read {
  return { posts: joinPosts(before?.posts ?? [], page.posts), next: page.next, deep: true };
}

/** What the API answers; null when it failed, which `report` hears, as it hears that it did not. */
export async function reported<T>(
  report: (error: ApiError | null) => void,
  ask: () => Promise<T>,
): Promise<T | null> {
  try {
    const answer = await ask();
    report(null);
    return answer;
  } catch (error) {
    if (!isApiError(error)) throw error;
    report(error);
    return null;
  }
}
