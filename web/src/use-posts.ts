// The list of posts: its pages as read, and this tab's own posts on their way into it.

import { useCallback, useState } from "react";
import type { ListedPost, Post, PostsPage, WrittenPost } from "./api";
import { type ApiError, isApiError } from "./errors";
import { joinPosts, listed } from "./merge";
import { useServices } from "./services";

export interface PostList {
  /** Null until the first page has come. */
  posts: ListedPost[] | null;
  onTheirWay: WrittenPost[];
  /** The cursor of the page after the oldest one loaded. */
  next: string | null;
  error: ApiError | null;
  olderError: ApiError | null;
  refresh: () => Promise<void>;
  older: (cursor: string) => Promise<void>;
  add: (post: WrittenPost) => void;
  arrived: (post: Post) => void;
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
  const [onTheirWay, setOnTheirWay] = useState(() => own.posts.all());
  const [error, setError] = useState<ApiError | null>(null);
  const [olderError, setOlderError] = useState<ApiError | null>(null);

  const refresh = useCallback(async () => {
    setOnTheirWay(own.posts.all());
    await reported(setError, async () => {
      const page = await api.listPosts();
      setRead((before) => withFirstPage(before, page));
    });
  }, [api, own]);

  const older = useCallback(
    (cursor: string) =>
      reported(setOlderError, async () => {
        const page = await api.listPosts(cursor);
        setRead((before) => withOlderPage(before, page));
      }),
    [api],
  );

  const add = useCallback(
    (post: WrittenPost) => {
      own.posts.put(post);
      setOnTheirWay(own.posts.all());
    },
    [own],
  );

  const arrived = useCallback(
    (post: Post) => {
      own.posts.drop(post.id);
      // The list may be served a moment stale: the post stays in it meanwhile, as it was written.
      setRead((before) => before && { ...before, posts: joinPosts([listed(post)], before.posts) });
      void refresh();
    },
    [own, refresh],
  );

  const posts = read?.posts ?? null;
  const next = read?.next ?? null;
  return { posts, onTheirWay, next, error, olderError, refresh, older, add, arrived };
}

function withFirstPage(before: Read | null, page: PostsPage): Read {
  if (before?.deep) return { ...before, posts: joinPosts(before.posts, page.posts) };
  return { posts: page.posts, next: page.next, deep: false };
}

function withOlderPage(before: Read | null, page: PostsPage): Read {
  return { posts: joinPosts(before?.posts ?? [], page.posts), next: page.next, deep: true };
}

/** Runs what asks the API, and tells its failure, or that there is none, to `report`. */
export async function reported(
  report: (error: ApiError | null) => void,
  ask: () => Promise<void>,
): Promise<void> {
  try {
    await ask();
    report(null);
  } catch (error) {
    if (!isApiError(error)) throw error;
    report(error);
  }
}
