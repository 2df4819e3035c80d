// A post's comments: the pages read so far, joined with what this browser wrote or decided.

import { useCallback, useEffect, useState } from "react";
import type { Comment, Post } from "./api";
import { type ApiError } from "./errors";
import { approvedSince, joinComments, type Joined, withOwnText } from "./merge";
import { useServices } from "./services";
import { reported } from "./use-posts";

export interface CommentList extends Joined {
  /** All of this browser's own, in either part of the list. */
  mine: Comment[];
  /** Comments whose decision by the author the read model does not show yet. */
  awaited: Comment[];
  /** How many are approved. */
  count: number;
  next: string | null;
  error: ApiError | null;
  more: (cursor: string) => Promise<void>;
  /** A comment just written, or just read. */
  put: (comment: Comment) => void;
  /** A comment that the author has just approved or rejected. */
  decide: (comment: Comment) => void;
  /** That comment as the read model shows it. */
  shown: (comment: Comment) => void;
}

interface Further {
  comments: Comment[];
  next: string | null;
}

export function useComments(post: Post): CommentList {
  const { api, own } = useServices();
  const [further, setFurther] = useState<Further | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [decided, setDecided] = useState<Comment[]>([]);
  const [awaited, setAwaited] = useState<Comment[]>([]);
  const [mine, setMine] = useState(() =>
    own.comments.all().filter((comment) => comment.postId === post.id),
  );

  const more = async (cursor: string) => {
    const page = await reported(setError, () => api.listComments(post.id, cursor));
    if (page === null) return;
    const { comments, next } = page.value;
    setFurther((before) => ({ comments: [...(before?.comments ?? []), ...comments], next }));
  };

  const put = useCallback(
    (read: Comment) => {
      const comment = withOwnText(read, own.comments.find(read.id));
      // An approved comment is everybody's to read; another's text is known here only.
      if (comment.status === "approved") own.comments.drop(comment.id);
      else own.comments.put(comment);
      setMine((before) => withItem(before, comment));
    },
    [own],
  );

  const decide = useCallback(
    (comment: Comment) => {
      setDecided((before) => withItem(before, comment));
      setAwaited((before) => withItem(before, comment));
      if (own.comments.find(comment.id)) put(comment);
    },
    [own, put],
  );

  const shown = useCallback((comment: Comment) => {
    setDecided((before) => withItem(before, comment));
    setAwaited((before) => before.filter(({ id }) => id !== comment.id));
  }, []);

  const all = [...post.comments, ...(further?.comments ?? [])];
  // What has been decided since this browser's own comments were last looked at.
  useEffect(() => {
    post.comments
      .filter((read) => (own.comments.find(read.id)?.version ?? Infinity) < read.version)
      .forEach(put);
  }, [own, post.comments, put]);

  const joined = joinComments(all, mine, decided);
  return {
    ...joined,
    ...{ mine, awaited, error, more, put, decide, shown },
    count: post.commentCount + approvedSince(all, joined),
    next: further === null ? post.nextComments : further.next,
  };
}

function withItem(items: readonly Comment[], item: Comment): Comment[] {
  const at = items.findIndex(({ id }) => id === item.id);
  return at < 0 ? [...items, item] : items.with(at, item);
}
